//! npz, numpy's format of several arrays: a zip archive of npy files.

use std::io::{Cursor, Read};

use zip::ZipArchive;
use zip::read::ZipFile;

use super::array::Array;
use super::collection::NamedArray;
use super::format_error::FormatError;
use super::gzip::MOST_INFLATED;
use super::npy;

/// How every archive that is not empty begins.
pub(super) const MAGIC: &[u8] = b"PK\x03\x04";

/// numpy writes headers of 118 or so bytes; those of longer shapes fit all the same.
const HEADER: u64 = 1 << 16;

pub(super) struct Archive<'b>(ZipArchive<Cursor<&'b [u8]>>);

/// The archive, and the arrays in it in the order of their names' places; what is no npy file is passed over.
pub(super) fn open(bytes: &[u8]) -> Result<(Archive<'_>, Vec<NamedArray>), FormatError> {
    if !bytes.starts_with(&MAGIC[..2]) {
        let found = bytes[..bytes.len().min(8)].to_vec();
        return Err(FormatError::Magic { format: "an npz file (a zip archive)", found });
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes))?;
    let mut arrays = Vec::new();
    for index in 0..archive.len() {
        let Ok(mut member) = archive.by_index(index) else { continue };
        let Some(name) = member.name().ok().and_then(|name| Some(name.strip_suffix(".npy")?.to_owned()))
        else {
            continue;
        };
        let shape = beginning(&mut member, HEADER)
            .and_then(|head| npy::Header::parse(&head))
            .map(|header| header.shape);
        arrays.push(NamedArray { name, shape: shape.ok() });
    }
    Ok((Archive(archive), arrays))
}

impl Archive<'_> {
    pub(super) fn array(&mut self, name: &str) -> Result<Array, FormatError> {
        let mut member = self.0.by_name(&format!("{name}.npy"))?;
        let content = beginning(&mut member, MOST_INFLATED + 1)?;
        if content.len() as u64 > MOST_INFLATED {
            return Err(FormatError::Inflated { limit: MOST_INFLATED });
        }
        npy::array(&content)
    }
}

/// At most the first `most` bytes of a member. Memory grows with what is inflated, not with what the archive promises.
fn beginning(member: &mut ZipFile<'_, Cursor<&[u8]>>, most: u64) -> Result<Vec<u8>, FormatError> {
    let mut content = Vec::new();
    member.take(most).read_to_end(&mut content).map_err(FormatError::Member)?;
    Ok(content)
}
