//! Data sets: readers of the formats that the field exchanges, what is done to samples before they are used, and
//! the data that are part of the library.

mod array;
mod array_dataset;
mod class_labels;
mod collection;
mod csv;
mod dataset;
mod error;
mod format_error;
mod gzip;
mod idx;
mod npy;
mod npz;
mod pool;
mod preparation_error;
mod read;
mod ready;
mod records;
pub(super) mod safetensors;
mod selection;
mod text;
mod transform;
mod windows;

#[cfg(test)]
mod bytes_tests;

pub use dataset::{Dataset, Labels};
pub use error::DatasetError;
pub use format_error::FormatError;
pub use preparation_error::PreparationError;
pub use read::{Column, IncompleteRows, LabelKind, ReadOptions};
pub use text::Text;
pub use transform::{ConstantFeatures, Standardisation};
pub use windows::Windows;
