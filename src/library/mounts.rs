//! Where inotify is blind: network and user-space file systems change without this kernel seeing
//! it, so folders on them are looked at again now and then.

use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

/// File systems whose changes may come from another machine or another process, unseen here.
const BLIND: [&str; 22] = [
    "9p",
    "acfs",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "coda",
    "davfs",
    "drvfs",
    "fuse",
    "gfs2",
    "glusterfs",
    "gpfs",
    "lustre",
    "ncpfs",
    "nfs",
    "nfs4",
    "ocfs2",
    "orangefs",
    "prl_fs",
    "smb3",
    "smbfs",
];
const BLIND_SHARED: [&str; 3] = ["vboxsf", "virtiofs", "vmhgfs"];

/// One line of mountinfo, as far as it matters here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mount {
    pub point: PathBuf,
    pub kind: String,
}

impl Mount {
    fn is_blind(&self) -> bool {
        let kind = self.kind.as_str();
        // fuseblk is a local disk (ntfs-3g, exfat): all its changes pass through this kernel
        BLIND.contains(&kind) || BLIND_SHARED.contains(&kind) || kind.starts_with("fuse.")
    }
}

/// The mounts of this process; empty where the system doesn't tell.
pub fn mounts() -> Vec<Mount> {
    std::fs::read("/proc/self/mountinfo")
        .map(|text| parse(&text))
        .unwrap_or_default()
}

/// Why changes below `folder` may go unseen, if so: its own file system is blind, or one that is
/// mounted below it. `folder` is canonical.
pub fn blind_reason(mounts: &[Mount], folder: &Path) -> Option<String> {
    // a later mount hides an earlier one at the same place, so the last of the longest counts
    let own = mounts
        .iter()
        .filter(|mount| folder.starts_with(&mount.point))
        .max_by_key(|mount| mount.point.components().count());
    if let Some(mount) = own.filter(|mount| mount.is_blind()) {
        return Some(format!(
            "it lies on a {} file system, which tells nobody about changes",
            mount.kind
        ));
    }
    let below = mounts
        .iter()
        .find(|mount| mount.is_blind() && mount.point.starts_with(folder))?;
    Some(format!(
        "{} below it is a {} file system, which tells nobody about changes",
        below.point.display(),
        below.kind
    ))
}

/// Reads mountinfo (see proc(5)); lines that are not understood are left out.
pub fn parse(text: &[u8]) -> Vec<Mount> {
    text.split(|&byte| byte == b'\n').filter_map(parse_line).collect()
}

/// `36 35 98:0 /root /point rw,noatime shared:1 - ext4 /dev/sda rw`: the fifth field is the mount
/// point; any number of optional fields end at a lone dash, and the kind follows.
fn parse_line(line: &[u8]) -> Option<Mount> {
    let mut fields = line.split(|&byte| byte == b' ').filter(|field| !field.is_empty());
    let point = PathBuf::from(OsString::from_vec(unescape(fields.nth(4)?)));
    fields.find(|field| *field == b"-")?;
    let kind = String::from_utf8_lossy(fields.next()?).into_owned();
    point.is_absolute().then_some(Mount { point, kind })
}

/// Spaces, tabs, newlines and backslashes in a path come as a backslash and three octal digits.
fn unescape(field: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field;
    while let Some((&first, tail)) = rest.split_first() {
        if let (b'\\', [a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..]) = (first, tail) {
            out.push((a - b'0') * 64 + (b - b'0') * 8 + (c - b'0'));
            rest = after;
        } else {
            out.push(first);
            rest = tail;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const TABLE: &[u8] = b"22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n\
        40 22 0:35 / /mnt/my\\040music rw shared:2 master:1 - nfs4 nas:/music rw\n\
        41 40 8:9 / /mnt/my\\040music/usb rw - vfat /dev/sdb1 rw\n\
        42 22 0:36 / /home/u/phone rw - fuse.jmtpfs jmtpfs rw\n\
        43 22 0:37 / /media/win rw - fuseblk /dev/sdc1 rw\n";

    #[test]
    fn the_longest_mount_point_decides() {
        let mounts = parse(TABLE);
        assert_eq!(mounts.len(), 5);
        assert_eq!(
            mounts[1],
            Mount {
                point: "/mnt/my music".into(),
                kind: "nfs4".into()
            }
        );
        assert!(
            blind_reason(&mounts, Path::new("/mnt/my music/rock"))
                .unwrap()
                .contains("nfs4")
        );
        assert_eq!(blind_reason(&mounts, Path::new("/mnt/my music/usb/x")), None);
        assert_eq!(blind_reason(&mounts, Path::new("/media/win/Music")), None);
        assert_eq!(blind_reason(&mounts, Path::new("/mnt/my musicals")), None);
        assert_eq!(blind_reason(&mounts, Path::new("/home/u/Music")), None);
    }

    #[test]
    fn a_blind_mount_below_the_folder_counts() {
        let reason = blind_reason(&parse(TABLE), Path::new("/home/u")).unwrap();
        assert!(
            reason.contains("/home/u/phone") && reason.contains("fuse.jmtpfs"),
            "{reason}"
        );
    }

    #[test]
    fn a_later_mount_hides_the_earlier_at_the_same_place() {
        let mounts = parse(b"1 0 0:1 / /m rw - autofs x rw\n2 1 0:2 / /m rw - nfs x rw\n");
        assert!(blind_reason(&mounts, Path::new("/m/a")).unwrap().contains("nfs"));
    }

    #[test]
    fn this_machine_has_a_root() {
        assert!(mounts().iter().any(|mount| mount.point == Path::new("/")));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(text in proptest::collection::vec(any::<u8>(), 0..400)) {
            for mount in parse(&text) {
                prop_assert!(mount.point.is_absolute());
            }
        }

        #[test]
        fn escaping_is_undone(path in "[a-z \t\\\\]{1,20}") {
            let escaped: Vec<u8> = path.bytes().flat_map(|byte| match byte {
                b' ' | b'\t' | b'\\' => format!("\\{byte:03o}").into_bytes(),
                _ => vec![byte],
            }).collect();
            prop_assert_eq!(unescape(&escaped), path.into_bytes());
        }
    }
}
