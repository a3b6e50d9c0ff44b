use proptest::prelude::*;
use tempfile::TempDir;

use super::*;

/// A tensor for [`write`].
#[derive(Debug, Clone)]
pub struct StoredTensor {
    pub name: String,
    pub dtype: u64,
    pub shape: Vec<i64>,
    pub bytes: Vec<u8>,
}

impl StoredTensor {
    pub fn floats(name: &str, shape: &[i64], values: &[f32]) -> Self {
        Self {
            name: name.into(),
            dtype: FLOAT,
            shape: shape.to_vec(),
            bytes: values.iter().flat_map(|x| x.to_le_bytes()).collect(),
        }
    }
}

fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn integer(number: u64, value: u64, out: &mut Vec<u8>) {
    varint(number << 3, out);
    varint(value, out);
}

fn message(number: u64, bytes: &[u8], out: &mut Vec<u8>) {
    varint(number << 3 | 2, out);
    varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Appends a block and its trailer, and gives its handle.
fn block(content: &[u8], kind: u8, out: &mut Vec<u8>) -> Vec<u8> {
    let (start, mut handle) = (out.len(), Vec::new());
    out.extend_from_slice(content);
    varint(start as u64, &mut handle);
    varint(content.len() as u64, &mut handle);
    out.push(kind);
    let sum = leveldb::masked_crc32c(&out[start..]);
    out.extend_from_slice(&sum.to_le_bytes());
    handle
}

/// Entries whose keys share their beginnings, with one restart point.
fn content(entries: &[(Vec<u8>, Vec<u8>)]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut last: &[u8] = &[];
    for (key, value) in entries {
        let shared = key.iter().zip(last).take_while(|(a, b)| a == b).count();
        for len in [shared, key.len() - shared, value.len()] {
            varint(len as u64, &mut out);
        }
        out.extend_from_slice(&key[shared..]);
        out.extend_from_slice(value);
        last = key;
    }
    out.extend_from_slice(&[0, 0, 0, 0, 1, 0, 0, 0]);
    out
}

/// A table with `per_block` entries in each block.
fn table(entries: &[(Vec<u8>, Vec<u8>)], per_block: usize) -> Vec<u8> {
    let mut out = Vec::new();
    let index: Vec<_> = entries
        .chunks(per_block)
        .map(|entries| {
            let last = entries.last().unwrap().0.clone();
            (last, block(&content(entries), 0, &mut out))
        })
        .collect();
    finish(out, &content(&index))
}

/// Appends the index block and the footer.
fn finish(mut out: Vec<u8>, index: &[u8]) -> Vec<u8> {
    let mut footer = block(&content(&[]), 0, &mut out);
    footer.extend(block(index, 0, &mut out));
    footer.resize(40, 0);
    footer.extend([0x57, 0xfb, 0x80, 0x8b, 0x24, 0x75, 0x47, 0xdb]);
    out.extend(footer);
    out
}

fn head(shards: u64, endianness: u64) -> (Vec<u8>, Vec<u8>) {
    let mut header = Vec::new();
    integer(1, shards, &mut header);
    integer(2, endianness, &mut header);
    message(3, &[8, 1], &mut header);
    (Vec::new(), header)
}

fn proto(entry: &TensorEntry) -> Vec<u8> {
    let (mut shape, mut out) = (Vec::new(), Vec::new());
    for &size in &entry.shape {
        let mut dimension = Vec::new();
        integer(1, size as u64, &mut dimension);
        message(2, &dimension, &mut shape);
    }
    integer(1, entry.dtype, &mut out);
    message(2, &shape, &mut out);
    integer(4, entry.offset, &mut out);
    integer(5, entry.size, &mut out);
    varint(6 << 3 | 5, &mut out);
    out.extend_from_slice(&entry.crc32c.to_le_bytes());
    out
}

/// The index and the data of a bundle, laid out as TensorFlow does.
fn pack(tensors: &[StoredTensor]) -> (Vec<u8>, Vec<u8>) {
    let mut tensors = tensors.to_vec();
    tensors.sort_by(|a, b| a.name.cmp(&b.name));
    let (mut entries, mut data) = (vec![head(1, 0)], Vec::new());
    for tensor in tensors {
        let entry = TensorEntry {
            dtype: tensor.dtype,
            shape: tensor.shape,
            offset: data.len() as u64,
            size: tensor.bytes.len() as u64,
            crc32c: leveldb::masked_crc32c(&tensor.bytes),
        };
        entries.push((tensor.name.into_bytes(), proto(&entry)));
        data.extend(tensor.bytes);
    }
    (table(&entries, 4), data)
}

/// Writes a bundle at this prefix.
pub fn write(prefix: &Path, tensors: &[StoredTensor]) {
    let (index, data) = pack(tensors);
    std::fs::write(index_file(prefix), index).unwrap();
    std::fs::write(data_file(prefix), data).unwrap();
}

fn small() -> Vec<StoredTensor> {
    let ramp = |from: u16, len: u16| (from..from + len).map(f32::from).collect::<Vec<_>>();
    vec![
        StoredTensor::floats("conv2d/kernel", &[1, 2, 3], &ramp(0, 6)),
        StoredTensor::floats("conv2d/bias", &[3], &ramp(10, 3)),
        StoredTensor::floats("conv2d_1/bias", &[2], &ramp(20, 2)),
        StoredTensor::floats("conv2d_1/kernel", &[2, 2], &ramp(30, 4)),
        StoredTensor::floats("empty", &[0, 4], &[]),
        StoredTensor {
            name: "global_step".into(),
            dtype: 9,
            shape: vec![],
            bytes: vec![5, 0, 0, 0, 0, 0, 0, 0],
        },
    ]
}

struct Place(TempDir);

impl Place {
    fn with(index: &[u8], data: &[u8]) -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        std::fs::write(index_file(&place.prefix()), index).unwrap();
        std::fs::write(data_file(&place.prefix()), data).unwrap();
        place
    }

    fn prefix(&self) -> PathBuf {
        self.0.path().join("model")
    }

    fn open(&self) -> Result<Bundle, BundleError> {
        Bundle::open(&self.prefix())
    }
}

fn opened(entries: &[(Vec<u8>, Vec<u8>)], data: &[u8]) -> Result<Bundle, BundleError> {
    Place::with(&table(entries, 4), data).open()
}

/// Everything in a bundle, or the first thing that is wrong with it.
fn all(bundle: &Bundle) -> Result<Vec<(String, Vec<f32>)>, BundleError> {
    let names = bundle.names().map(str::to_owned).collect::<Vec<_>>();
    names
        .into_iter()
        .map(|name| {
            let entry = &bundle.entries[&name];
            let values = if entry.dtype == FLOAT {
                bundle.floats(&name, &entry.shape)?
            } else {
                bundle.verify(&name)?;
                Vec::new()
            };
            Ok((name, values))
        })
        .collect()
}

#[test]
fn what_was_written_is_read() {
    let (index, data) = pack(&small());
    let bundle = Place::with(&index, &data).open().unwrap();
    let names: Vec<&str> = bundle.names().collect();
    let sorted = [
        "conv2d/bias",
        "conv2d/kernel",
        "conv2d_1/bias",
        "conv2d_1/kernel",
        "empty",
        "global_step",
    ];
    assert_eq!(names, sorted);
    assert_eq!(bundle.floats("conv2d_1/bias", &[2]).unwrap(), [20.0, 21.0]);
    let kernel = bundle.floats("conv2d/kernel", &[1, 2, 3]).unwrap();
    assert_eq!(kernel, [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
    assert!(bundle.floats("empty", &[0, 4]).unwrap().is_empty());
    bundle.verify("global_step").unwrap();
}

#[test]
fn a_tensor_longer_than_a_chunk_is_read_whole() {
    let values: Vec<f32> = (0..CHUNK / 2 + 3).map(|x| x as f32).collect();
    let shape = [values.len() as i64];
    let (index, data) = pack(&[StoredTensor::floats("long", &shape, &values)]);
    let bundle = Place::with(&index, &data).open().unwrap();
    assert_eq!(bundle.floats("long", &shape).unwrap(), values);
}

#[test]
fn tensors_of_another_model_are_told_apart() {
    let (index, data) = pack(&small());
    let bundle = Place::with(&index, &data).open().unwrap();
    let wrong = |name: &str, shape: &[i64]| bundle.floats(name, shape).unwrap_err();
    assert!(matches!(
        wrong("conv2d_9/bias", &[3]),
        BundleError::Missing { .. }
    ));
    assert!(matches!(wrong("conv2d/bias", &[4]), BundleError::Shape { .. }));
    assert!(matches!(wrong("conv2d/kernel", &[6]), BundleError::Shape { .. }));
    assert!(matches!(
        wrong("global_step", &[]),
        BundleError::Type { found: 9, .. }
    ));
}

#[test]
fn damage_is_told_apart() {
    let (index, data) = pack(&small());
    let failed = |index: &[u8], data: &[u8]| Place::with(index, data).open().unwrap_err();
    let missing = Bundle::open(Path::new("/nowhere/model")).unwrap_err();
    assert!(matches!(missing, BundleError::Io { .. }));
    for other in [&b""[..], b"PK\x03\x04", &[0; 100], &index[..index.len() - 1]] {
        assert!(matches!(failed(other, &data), BundleError::NotABundle { .. }));
    }
    // Without its beginning the blocks are not where the footer looks for them.
    assert!(matches!(failed(&index[40..], &data), BundleError::Index { .. }));
    assert!(matches!(
        failed(&index, &data[..data.len() - 1]),
        BundleError::Outside { .. }
    ));
    assert!(matches!(failed(&index, &[]), BundleError::Outside { .. }));
    let mut bent = data.clone();
    bent[1] ^= 4;
    let bundle = Place::with(&index, &bent).open().unwrap();
    assert!(matches!(
        bundle.verify("conv2d/bias"),
        Err(BundleError::Checksum { .. })
    ));
    assert!(matches!(all(&bundle), Err(BundleError::Checksum { .. })));
}

#[test]
fn kinds_that_are_not_read_are_named() {
    let compressed = {
        let mut out = Vec::new();
        let handle = block(&content(&[head(1, 0)]), 1, &mut out);
        finish(out, &content(&[(b"a".to_vec(), handle)]))
    };
    let err = Place::with(&compressed, &[]).open().unwrap_err();
    assert!(err.to_string().contains("compressed"), "{err}");
    for (shards, endianness) in [(2, 0), (0, 0), (1, 1)] {
        let err = opened(&[head(shards, endianness)], &[]).unwrap_err();
        assert!(matches!(err, BundleError::Unsupported { .. }), "{err}");
    }
    let entry = |field: &[u8]| opened(&[head(1, 0), (b"a".to_vec(), field.to_vec())], &[]).unwrap_err();
    assert!(matches!(entry(&[3 << 3, 1]), BundleError::Unsupported { .. }));
    assert!(matches!(entry(&[7 << 3 | 2, 0]), BundleError::Unsupported { .. }));
    assert!(matches!(entry(&[4 << 3, 0x80]), BundleError::Index { .. }));
    let headless = opened(&[(b"a".to_vec(), vec![])], &[]).unwrap_err();
    assert!(matches!(headless, BundleError::Index { .. }));
}

#[test]
fn tables_out_of_order_are_refused() {
    let entry = |key: &str| (key.as_bytes().to_vec(), Vec::new());
    let sorted = |keys: &[&str], per_block| {
        let entries: Vec<_> = keys.iter().map(|key| entry(key)).collect();
        leveldb::walk(&table(&entries, per_block), |_, _| Ok::<_, TableError>(()))
    };
    assert_eq!(sorted(&["", "a", "ab", "b"], 2), Ok(()));
    for (keys, per_block) in [(["b", "a"], 2), (["a", "a"], 1), (["", ""], 2)] {
        assert!(matches!(sorted(&keys, per_block), Err(TableError::Malformed(_))));
    }
    // One block twice: a short file must not keep a reader busy.
    let mut out = Vec::new();
    let handle = block(&content(&[]), 0, &mut out);
    let again = [(b"a".to_vec(), handle.clone()), (b"b".to_vec(), handle)];
    let walked = leveldb::walk(&finish(out, &content(&again)), |_, _| Ok::<_, TableError>(()));
    assert_eq!(walked, Err(TableError::Malformed("blocks out of order")));
    let long = "x".repeat(600);
    assert!(matches!(sorted(&[&long], 1), Err(TableError::Malformed(_))));
}

/// Entries as a hostile file may have them, for tensors anywhere and of any size.
fn entries() -> impl Strategy<Value = Vec<TensorEntry>> {
    let number = prop_oneof![0_u64..64, any::<u64>()];
    let entry = (
        number.clone(),
        prop::collection::vec(prop_oneof![0_i64..5, any::<i64>()], 0..4),
        number.clone(),
        number,
        any::<u32>(),
    );
    let entry = entry.prop_map(|(dtype, shape, offset, size, crc32c)| TensorEntry {
        dtype: dtype % 3,
        shape,
        offset,
        size,
        crc32c,
    });
    prop::collection::vec(entry, 0..6)
}

proptest! {
    #[test]
    fn no_bytes_make_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read_index(&bytes);
        // The same as an index block, and as the block of entries, with checksums that are right.
        let _ = read_index(&finish(Vec::new(), &bytes));
        let mut out = Vec::new();
        let handle = block(&bytes, 0, &mut out);
        let _ = read_index(&finish(out, &content(&[(b"z".to_vec(), handle)])));
        // And as the messages.
        let _ = read_index(&table(&[(Vec::new(), bytes.clone())], 1));
        let _ = read_index(&table(&[head(1, 0), (b"a".to_vec(), bytes)], 1));
    }

    #[test]
    fn no_entry_reads_outside_the_data(entries in entries(), data in prop::collection::vec(any::<u8>(), 0..64)) {
        let named = entries.iter().enumerate().map(|(nth, entry)| (format!("t{nth}").into_bytes(), proto(entry)));
        let listed: Vec<_> = [head(1, 0)].into_iter().chain(named).collect();
        if let Ok(bundle) = opened(&listed, &data) {
            for (nth, entry) in entries.iter().enumerate() {
                prop_assert!(entry.offset + entry.size <= data.len() as u64);
                if let Ok(values) = bundle.floats(&format!("t{nth}"), &entry.shape) {
                    prop_assert!(4 * values.len() <= data.len());
                }
            }
        }
    }

    #[test]
    fn a_changed_byte_is_an_error_or_changes_nothing(at in any::<prop::sample::Index>(), bits in 1_u8..) {
        let (mut index, mut data) = pack(&small());
        let whole = all(&Place::with(&index, &data).open().unwrap()).unwrap();
        let at = at.index(index.len() + data.len());
        match at.checked_sub(index.len()) {
            Some(at) => data[at] ^= bits,
            None => index[at] ^= bits,
        }
        if let Ok(read) = Place::with(&index, &data).open().and_then(|bundle| all(&bundle)) {
            prop_assert_eq!(read, whole);
        }
    }
}
