//! The most memory a process ever held, where the system tells.

/// Peak resident memory of a running process in bytes, from Linux's `/proc`; `None` elsewhere, and
/// for a process that has ended.
pub(super) fn peak(pid: u32) -> Option<u64> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?)
}

fn parse(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(1024 * kilobytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_high_water_mark_is_read() {
        assert_eq!(
            parse("Name:\tcroon\nVmHWM:\t  1500 kB\nVmRSS:\t 9 kB\n"),
            Some(1_536_000)
        );
        assert_eq!(parse("Name:\tcroon\n"), None);
        #[cfg(target_os = "linux")]
        assert!(peak(std::process::id()).unwrap() > 1 << 20);
        assert_eq!(peak(u32::MAX), None);
    }
}
