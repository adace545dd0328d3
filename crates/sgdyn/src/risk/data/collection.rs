//! A file of several named arrays, of which only the wanted ones are decoded.

use super::array::Array;
use super::error::{DatasetError, near_miss};
use super::npz;
use super::safetensors;

/// An open npz or safetensors file.
pub(super) struct Collection<'b> {
    file: &'b str,
    pub(super) arrays: Vec<NamedArray>,
    source: Source<'b>,
}

/// What is known of an array before it is decoded.
#[derive(Debug, PartialEq)]
pub(super) struct NamedArray {
    pub(super) name: String,
    /// `None` if its header is at fault, which is told when the array is asked for.
    pub(super) shape: Option<Vec<usize>>,
}

enum Source<'b> {
    Npz(npz::Archive<'b>),
    Safetensors(safetensors::Tensors<'b>),
}

impl<'b> Collection<'b> {
    pub(super) fn npz(file: &'b str, bytes: &'b [u8]) -> Result<Self, DatasetError> {
        let at_fault = |source| DatasetError::Format { file: file.to_owned(), source };
        let (archive, arrays) = npz::open(bytes).map_err(at_fault)?;
        Ok(Self { file, arrays, source: Source::Npz(archive) })
    }

    pub(super) fn safetensors(file: &'b str, bytes: &'b [u8]) -> Result<Self, DatasetError> {
        let at_fault = |source| DatasetError::Format { file: file.to_owned(), source };
        let tensors = safetensors::Tensors::open(bytes).map_err(at_fault)?;
        let arrays = tensors
            .all()
            .map(|(name, shape)| NamedArray { name: name.to_owned(), shape: Some(shape.to_vec()) });
        Ok(Self { file, arrays: arrays.collect(), source: Source::Safetensors(tensors) })
    }

    /// The number of the array called `wanted`.
    pub(super) fn find(&self, wanted: &str) -> Result<usize, DatasetError> {
        self.arrays.iter().position(|array| array.name == wanted).ok_or_else(|| DatasetError::UnknownArray {
            file: self.file.to_owned(),
            wanted: wanted.to_owned(),
            hint: near_miss(wanted, self.arrays.iter().map(|array| array.name.as_str())),
        })
    }

    /// Decodes an array; errors name it.
    pub(super) fn array(&mut self, index: usize) -> Result<Array, DatasetError> {
        let name = &self.arrays[index].name;
        let array = match &mut self.source {
            Source::Npz(archive) => archive.array(name),
            Source::Safetensors(tensors) => tensors.array(name),
        };
        array
            .map_err(|source| DatasetError::Format { file: format!("{}, array `{name}`", self.file), source })
    }

    /// The arrays and their shapes, for errors.
    pub(super) fn listed(&self) -> String {
        let mut listed: Vec<_> = self
            .arrays
            .iter()
            .take(20)
            .map(|array| match &array.shape {
                Some(shape) => format!("`{}` {shape:?}", array.name),
                None => format!("`{}` (unreadable)", array.name),
            })
            .collect();
        if listed.len() < self.arrays.len() {
            listed.push("…".to_owned());
        }
        listed.join(", ")
    }
}
