//! Which device the network runs on, and why.

use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::Path;
use std::sync::OnceLock;

use tch::Device;

/// The libtorch this program is built for.
pub const LIBTORCH: &str = "2.11.0";

/// What the user asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum WantedDevice {
    /// CUDA where it works, else the processor
    Auto,
    Cpu,
    Cuda,
}

/// A device and the sentence that explains the choice.
#[derive(Debug, Clone)]
pub struct Choice {
    pub device: Device,
    pub name: String,
    pub why: String,
}

/// CUDA where it works, else the processor. Must be the first thing that touches torch: the CUDA
/// half of libtorch is not linked (whoever has no card should not need its gigabytes) and registers
/// itself when loaded, but torch remembers its first answer for good.
pub fn choose(wanted: WantedDevice) -> Result<Choice, String> {
    if wanted == WantedDevice::Cpu {
        return Ok(cpu("asked for".into()));
    }
    let choice = best(wanted == WantedDevice::Cuda);
    if wanted == WantedDevice::Cuda && !choice.device.is_cuda() {
        return Err(format!(
            "CUDA was asked for and cannot be used: {}. Use --device auto, or mend that",
            choice.why
        ));
    }
    Ok(choice)
}

fn best(insisted: bool) -> Choice {
    match load_cuda(insisted) {
        Err(reason) => cpu(reason.clone()),
        Ok(()) if !tch::Cuda::is_available() => {
            cpu("libtorch has CUDA, but no usable NVIDIA card or driver was found".into())
        }
        Ok(()) => Choice {
            device: Device::Cuda(0),
            name: format!("CUDA, {} card(s)", tch::Cuda::device_count()),
            why: "an NVIDIA card and libtorch's CUDA half are here".into(),
        },
    }
}

/// The processor, and why it is to be used.
pub fn cpu(why: String) -> Choice {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Choice {
        device: Device::Cpu,
        name: format!("CPU, {cores} cores"),
        why,
    }
}

/// Loads libtorch's CUDA half, where a driver is seen or the user insists: a container may hide the driver's files
/// and still have the card.
fn load_cuda(insisted: bool) -> &'static Result<(), String> {
    static LOADED: OnceLock<Result<(), String>> = OnceLock::new();
    LOADED.get_or_init(|| {
        let driver = ["/proc/driver/nvidia/version", "/dev/nvidiactl"];
        let driver = driver.iter().any(|path| Path::new(path).exists());
        let missing = || "there is no NVIDIA driver on this machine".to_owned();
        if !driver && !insisted {
            return Err(missing());
        }
        dlopen(c"libtorch_cuda.so").map_err(|err| {
            if driver {
                format!("libtorch's CUDA half could not be loaded: {err}")
            } else {
                missing()
            }
        })
    })
}

// SAFETY: the signatures are those of dlfcn.h; libc, which holds both, is always linked.
unsafe extern "C" {
    #[link_name = "dlopen"]
    fn c_dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    #[link_name = "dlerror"]
    fn c_dlerror() -> *const c_char;
}

fn dlopen(name: &CStr) -> Result<(), String> {
    const RTLD_NOW: c_int = 2;
    const RTLD_GLOBAL: c_int = 0x100;
    // SAFETY: the name is NUL-terminated; the library stays loaded for the life of the process, so
    // the handle is not needed. dlerror's text is copied before any other call of the family.
    unsafe {
        if c_dlopen(name.as_ptr(), RTLD_NOW | RTLD_GLOBAL).is_null() {
            let error = c_dlerror();
            return Err(if error.is_null() {
                "no reason given".into()
            } else {
                CStr::from_ptr(error).to_string_lossy().into_owned()
            });
        }
    }
    Ok(())
}
