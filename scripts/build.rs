//! Tells the linker where the engine finds libtorch at run time; the player never learns of it.

fn main() {
    println!("cargo:rerun-if-changed=scripts/build.rs");
    println!("cargo:rerun-if-env-changed=DEP_TCH_LIBTORCH_LIB");
    if let Ok(lib) = std::env::var("DEP_TCH_LIBTORCH_LIB") {
        println!("cargo:rustc-link-arg-bin=croon-separator=-Wl,-rpath,{lib}");
    }
}
