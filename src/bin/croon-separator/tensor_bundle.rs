//! Reads TensorFlow's tensor bundles (V2), the format of its checkpoints, without TensorFlow: `NAME.index`
//! lists the tensors, `NAME.data-00000-of-00001` holds their numbers. Both are untrusted; every offset, size
//! and checksum is checked before it is used. Formats: `tensor_bundle.proto` and `tensor_shape.proto` of
//! TensorFlow, and the table of [`crate::leveldb`] around them.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::leveldb::{self, BlockReader, TableError};

/// TensorFlow's number for 32-bit floats.
const FLOAT: u64 = 1;
/// Longest index in bytes. Spleeter's has five thousand.
const LONGEST_INDEX: u64 = 1 << 20;
/// Bytes of a tensor that are checked at a time.
const CHUNK: usize = 1 << 20;

#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    #[error(
        "{path} cannot be read: {detail}. A bundle is model.index and model.data-00000-of-00001 in one folder; name that folder"
    )]
    Io { path: PathBuf, detail: String },
    #[error(
        "{path} is not the index of a TensorFlow bundle: {detail}. Name the folder with the model.index of the published model"
    )]
    NotABundle { path: PathBuf, detail: String },
    #[error("the index {path} is damaged or cut off: {detail}. Copy or download it again")]
    Index { path: PathBuf, detail: String },
    #[error(
        "the index {path} is of a kind that is not read here: {detail}. Only one data file with whole little-endian tensors is"
    )]
    Unsupported { path: PathBuf, detail: String },
    #[error(
        "{path} has {found} bytes, and the index places the tensor {name} at byte {offset} with {size} bytes: it is cut off, or of another bundle. Copy or download both files again"
    )]
    Outside {
        path: PathBuf,
        name: String,
        offset: u64,
        size: u64,
        found: u64,
    },
    #[error(
        "the checksum of the tensor {name} in {path} is wrong: the file is damaged, or of another bundle. Copy or download both files again"
    )]
    Checksum { path: PathBuf, name: String },
    #[error(
        "the bundle {path} has no tensor {name}: it is of another model. Name the folder of the right one"
    )]
    Missing { path: PathBuf, name: String },
    #[error(
        "the tensor {name} of {path} has the shape {found:?}, and {wanted:?} is wanted: it is of another model. Name the folder of the right one"
    )]
    Shape {
        path: PathBuf,
        name: String,
        wanted: Vec<i64>,
        found: Vec<i64>,
    },
    #[error(
        "the tensor {name} of {path} holds no 32-bit floats (its type is TensorFlow's number {found}): it is of another model. Name the folder of the right one"
    )]
    Type { path: PathBuf, name: String, found: u64 },
}

/// What the index says of a tensor.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TensorEntry {
    /// TensorFlow's number of the type.
    pub dtype: u64,
    pub shape: Vec<i64>,
    /// Its place in the data file, in bytes.
    pub offset: u64,
    /// Its length in bytes.
    pub size: u64,
    /// Masked CRC-32C of its bytes.
    pub crc32c: u32,
}

/// An open bundle. Its tensors are read from the file one by one.
#[derive(Debug)]
pub struct Bundle {
    entries: BTreeMap<String, TensorEntry>,
    data: File,
    path: PathBuf,
}

/// The data file of the bundle at this prefix, its index without `.index`.
pub fn data_file(prefix: &Path) -> PathBuf {
    with_suffix(prefix, ".data-00000-of-00001")
}

pub fn index_file(prefix: &Path) -> PathBuf {
    with_suffix(prefix, ".index")
}

fn with_suffix(prefix: &Path, suffix: &str) -> PathBuf {
    let mut path = prefix.as_os_str().to_owned();
    path.push(suffix);
    path.into()
}

impl Bundle {
    /// Reads the index of the bundle at this prefix and compares it with the size of the data file.
    ///
    /// # Errors
    /// A file is missing, the index is no index, damaged or of a kind that is not read here, or it points
    /// outside the data file.
    pub fn open(prefix: &Path) -> Result<Self, BundleError> {
        let (index, path) = (index_file(prefix), data_file(prefix));
        let io = |path: &Path, err: io::Error| BundleError::Io {
            path: path.to_path_buf(),
            detail: err.to_string(),
        };
        let len = std::fs::metadata(&index).map_err(|err| io(&index, err))?.len();
        if len > LONGEST_INDEX {
            return Err(BundleError::NotABundle {
                path: index,
                detail: format!("it has {len} bytes, which is far too many"),
            });
        }
        let table = std::fs::read(&index).map_err(|err| io(&index, err))?;
        let entries = read_index(&table).map_err(|err| err.at(index))?;
        let data = File::open(&path).map_err(|err| io(&path, err))?;
        let found = data.metadata().map_err(|err| io(&path, err))?.len();
        for (name, entry) in &entries {
            if entry.offset.checked_add(entry.size).is_none_or(|end| end > found) {
                return Err(BundleError::Outside {
                    path,
                    name: name.clone(),
                    offset: entry.offset,
                    size: entry.size,
                    found,
                });
            }
        }
        Ok(Self { entries, data, path })
    }

    /// The names of all tensors, sorted.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.entries.keys().map(String::as_str)
    }

    /// The numbers of a tensor of this shape, the last dimension running fastest.
    ///
    /// # Errors
    /// There is no such tensor, it has another shape or type, or its bytes are damaged.
    pub fn floats(&self, name: &str, shape: &[i64]) -> Result<Vec<f32>, BundleError> {
        let entry = self.entry(name)?;
        let (path, name) = (self.path.clone(), name.to_owned());
        if entry.dtype != FLOAT {
            let found = entry.dtype;
            return Err(BundleError::Type { path, name, found });
        }
        if entry.shape != shape || Some(entry.size) != bytes_of(shape) {
            return Err(BundleError::Shape {
                path,
                name,
                wanted: shape.to_vec(),
                found: entry.shape.clone(),
            });
        }
        let mut values = Vec::with_capacity((entry.size / 4) as usize);
        self.read(&name, entry, |bytes| {
            let (floats, _) = bytes.as_chunks::<4>();
            values.extend(floats.iter().map(|bytes| f32::from_le_bytes(*bytes)));
        })?;
        Ok(values)
    }

    /// Checks the bytes of a tensor of any type.
    ///
    /// # Errors
    /// There is no such tensor, or its bytes are damaged.
    pub fn verify(&self, name: &str) -> Result<(), BundleError> {
        self.read(name, self.entry(name)?, |_| {})
    }

    fn entry(&self, name: &str) -> Result<&TensorEntry, BundleError> {
        self.entries.get(name).ok_or_else(|| BundleError::Missing {
            path: self.path.clone(),
            name: name.into(),
        })
    }

    /// Reads a tensor in chunks of whole numbers and compares its checksum.
    fn read(&self, name: &str, entry: &TensorEntry, mut chunk: impl FnMut(&[u8])) -> Result<(), BundleError> {
        let mut buffer = vec![0; entry.size.min(CHUNK as u64) as usize];
        let (mut at, end, mut crc) = (entry.offset, entry.offset + entry.size, 0);
        while at < end {
            let len = (end - at).min(CHUNK as u64) as usize;
            let read = self.data.read_exact_at(&mut buffer[..len], at);
            read.map_err(|err| BundleError::Io {
                path: self.path.clone(),
                detail: err.to_string(),
            })?;
            crc = crc32c::crc32c_append(crc, &buffer[..len]);
            chunk(&buffer[..len]);
            at += len as u64;
        }
        if leveldb::mask(crc) != entry.crc32c {
            return Err(BundleError::Checksum {
                path: self.path.clone(),
                name: name.into(),
            });
        }
        Ok(())
    }
}

/// Bytes of floats of this shape; `None` for a shape that is none.
fn bytes_of(shape: &[i64]) -> Option<u64> {
    shape
        .iter()
        .try_fold(4_u64, |bytes, &size| bytes.checked_mul(u64::try_from(size).ok()?))
}

/// What is wrong with an index, before it is known which file it is.
#[derive(Debug)]
pub enum IndexError {
    Table(TableError),
    /// Its messages are damaged.
    Message(&'static str),
    Unsupported(&'static str),
}

impl From<TableError> for IndexError {
    fn from(err: TableError) -> Self {
        Self::Table(err)
    }
}

impl IndexError {
    fn at(self, path: PathBuf) -> BundleError {
        match self {
            Self::Table(err @ TableError::NoTable) => BundleError::NotABundle {
                path,
                detail: err.to_string(),
            },
            Self::Table(err @ TableError::Compressed(_)) => BundleError::Unsupported {
                path,
                detail: err.to_string(),
            },
            Self::Table(err) => BundleError::Index {
                path,
                detail: err.to_string(),
            },
            Self::Message(detail) => BundleError::Index {
                path,
                detail: detail.into(),
            },
            Self::Unsupported(detail) => BundleError::Unsupported {
                path,
                detail: detail.into(),
            },
        }
    }
}

/// The entries of an index by the names of their tensors.
///
/// # Errors
/// The bytes are no table, or what lies in it are not the messages of a bundle.
pub fn read_index(table: &[u8]) -> Result<BTreeMap<String, TensorEntry>, IndexError> {
    let (mut entries, mut headed) = (BTreeMap::new(), false);
    leveldb::walk(table, |key, value| {
        // The header has the empty name, so it comes first.
        if key.is_empty() {
            headed = true;
            return header(value);
        }
        let name = std::str::from_utf8(key).map_err(|_| IndexError::Message("a name is no text"))?;
        entries.insert(name.to_owned(), entry(value)?);
        Ok(())
    })?;
    if headed {
        Ok(entries)
    } else {
        Err(IndexError::Message("it has no header"))
    }
}

/// A field of a protocol buffer.
enum ProtoField<'a> {
    Integer(u64),
    Fixed32(u32),
    Bytes(&'a [u8]),
    /// Fixed64, which no message here has.
    Other,
}

/// The fields of a message with their numbers; `None` where it is cut off.
fn fields(message: &[u8], mut field: impl FnMut(u64, ProtoField) -> Option<()>) -> Option<()> {
    let mut reader = BlockReader(message);
    while !reader.0.is_empty() {
        let tag = reader.varint()?;
        let value = match tag & 7 {
            0 => ProtoField::Integer(reader.varint()?),
            1 => reader.take(8).map(|_| ProtoField::Other)?,
            2 => {
                let len = reader.len()?;
                ProtoField::Bytes(reader.take(len)?)
            }
            5 => ProtoField::Fixed32(u32::from_le_bytes(*reader.take(4)?.first_chunk()?)),
            _ => return None,
        };
        field(tag >> 3, value)?;
    }
    Some(())
}

/// `BundleHeaderProto`: one file of data, little-endian.
fn header(message: &[u8]) -> Result<(), IndexError> {
    let (mut shards, mut endianness) = (0, 0);
    let read = fields(message, |number, field| {
        match (number, field) {
            (1, ProtoField::Integer(value)) => shards = value,
            (2, ProtoField::Integer(value)) => endianness = value,
            _ => {}
        }
        Some(())
    });
    read.ok_or(IndexError::Message("its header is cut off"))?;
    if shards != 1 {
        return Err(IndexError::Unsupported("its tensors lie in more than one file"));
    }
    if endianness != 0 {
        return Err(IndexError::Unsupported("its numbers are big-endian"));
    }
    Ok(())
}

/// `BundleEntryProto`.
fn entry(message: &[u8]) -> Result<TensorEntry, IndexError> {
    let (mut entry, mut shard, mut sliced) = (TensorEntry::default(), 0, false);
    let read = fields(message, |number, field| {
        match (number, field) {
            (1, ProtoField::Integer(value)) => entry.dtype = value,
            (2, ProtoField::Bytes(message)) => entry.shape = shape(message)?,
            (3, ProtoField::Integer(value)) => shard = value,
            (4, ProtoField::Integer(value)) => entry.offset = value,
            (5, ProtoField::Integer(value)) => entry.size = value,
            (6, ProtoField::Fixed32(value)) => entry.crc32c = value,
            (7, ProtoField::Bytes(_)) => sliced = true,
            _ => {}
        }
        Some(())
    });
    read.ok_or(IndexError::Message("the entry of a tensor is cut off"))?;
    if shard != 0 {
        return Err(IndexError::Unsupported("a tensor lies in a second file"));
    }
    if sliced {
        return Err(IndexError::Unsupported("a tensor is stored in slices"));
    }
    Ok(entry)
}

/// `TensorShapeProto`: the sizes of the dimensions.
fn shape(message: &[u8]) -> Option<Vec<i64>> {
    let mut sizes = Vec::new();
    fields(message, |number, field| {
        if let (2, ProtoField::Bytes(dimension)) = (number, field) {
            let mut size = 0;
            fields(dimension, |number, field| {
                if let (1, ProtoField::Integer(value)) = (number, field) {
                    size = i64::try_from(value).ok()?;
                }
                Some(())
            })?;
            sizes.push(size);
        }
        Some(())
    })?;
    Some(sizes)
}

#[cfg(test)]
#[path = "tensor_bundle_tests.rs"]
pub mod tests;
