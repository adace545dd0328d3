//! safetensors (Hugging Face): the length of a header, the header as JSON, the bytes of the tensors.

use std::collections::BTreeMap;

use super::array::{Array, Element, Endian};
use super::format_error::FormatError;

/// Bytes of the length of the header.
const LENGTH: usize = 8;

/// Whether these can be the first bytes of a safetensors file. No text holds zeros, and no header of 2³² bytes exists.
pub(super) fn recognised(bytes: &[u8]) -> bool {
    matches!(bytes, [_, _, _, _, 0, 0, 0, 0, b'{', ..])
}

/// The tensors of a file, in the order of their names.
pub(in crate::risk) struct Tensors<'b> {
    data: &'b [u8],
    tensors: BTreeMap<String, Tensor>,
}

/// What the header says of a tensor.
#[derive(serde::Deserialize)]
struct Tensor {
    dtype: String,
    shape: Vec<usize>,
    data_offsets: [usize; 2],
}

/// The one entry that is no tensor, but text about the file.
const METADATA: &str = "__metadata__";

impl<'b> Tensors<'b> {
    /// Reads the header; tensors are looked at when they are asked for.
    pub(in crate::risk) fn open(bytes: &'b [u8]) -> Result<Self, FormatError> {
        let Some((length, rest)) = bytes.split_first_chunk::<LENGTH>() else {
            return Err(FormatError::Truncated { needed: LENGTH as u128, held: bytes.len() });
        };
        let length = u64::from_le_bytes(*length);
        let header = usize::try_from(length).ok().and_then(|length| rest.split_at_checked(length));
        let Some((header, data)) = header else {
            // A header of another format, read as a length, promises more than any disk holds.
            if length >> 40 != 0 || !rest.starts_with(b"{") {
                let found = bytes[..LENGTH].to_vec();
                return Err(FormatError::Magic { format: "a safetensors file", found });
            }
            let needed = LENGTH as u128 + u128::from(length);
            return Err(FormatError::Truncated { needed, held: bytes.len() });
        };
        let mut entries: BTreeMap<String, serde_json::Value> =
            serde_json::from_slice(header).map_err(|source| FormatError::SafetensorsHeader {
                offset: LENGTH + if source.line() == 1 { source.column() } else { 0 },
                source,
            })?;
        entries.remove(METADATA);
        let tensors = entries.into_iter().map(|(name, entry)| match serde_json::from_value(entry) {
            Ok(tensor) => Ok((name, tensor)),
            Err(source) => Err(FormatError::SafetensorsEntry { name, source }),
        });
        Ok(Self { data, tensors: tensors.collect::<Result<_, _>>()? })
    }

    /// Names and shapes.
    pub(in crate::risk) fn all(&self) -> impl Iterator<Item = (&str, &[usize])> {
        self.tensors.iter().map(|(name, tensor)| (name.as_str(), tensor.shape.as_slice()))
    }

    /// Decodes a tensor whose name is one of [`Tensors::all`].
    pub(in crate::risk) fn array(&self, name: &str) -> Result<Array, FormatError> {
        let Tensor { dtype, shape, data_offsets: [begin, end] } = &self.tensors[name];
        let element = element(dtype)?;
        let needed = element.size_of(shape)?;
        let bytes = self.data.get(*begin..*end).filter(|bytes| bytes.len() as u128 == needed);
        let bytes = bytes.ok_or_else(|| FormatError::SafetensorsPlace {
            name: name.into(),
            shape: shape.as_slice().into(),
            begin: *begin,
            end: *end,
            held: self.data.len(),
            needed,
        })?;
        Array::decode(element, Endian::Little, shape.clone(), bytes, 0)
    }
}

fn element(dtype: &str) -> Result<Element, FormatError> {
    Ok(match dtype {
        // A truth value is stored as the byte 0 or 1.
        "U8" | "BOOL" => Element::U8,
        "I8" => Element::I8,
        "U16" => Element::U16,
        "I16" => Element::I16,
        "U32" => Element::U32,
        "I32" => Element::I32,
        "U64" => Element::U64,
        "I64" => Element::I64,
        "F16" => Element::F16,
        "BF16" => Element::Bf16,
        "F32" => Element::F32,
        "F64" => Element::F64,
        other => {
            let known = "BOOL, U8 to U64, I8 to I64, F16, BF16, F32 and F64";
            return Err(FormatError::Element { format: "safetensors", element: format!("`{other}`"), known });
        }
    })
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A file with this header and these bytes of data.
    pub(in super::super) fn file(header: &str, data: &[u8]) -> Vec<u8> {
        [&(header.len() as u64).to_le_bytes(), header.as_bytes(), data].concat()
    }

    #[test]
    fn tensors_are_found_and_read() {
        let header = r#"{"__metadata__":{"format":"pt"},
            "x":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},"y":{"dtype":"I64","shape":[1],"data_offsets":[8,16]}}"#;
        let mut data = [1.5_f32.to_le_bytes(), (-2.0_f32).to_le_bytes()].concat();
        data.extend(7_i64.to_le_bytes());
        let bytes = file(header, &data);
        let tensors = Tensors::open(&bytes).unwrap();
        assert_eq!(tensors.all().collect::<Vec<_>>(), [("x", &[2, 1][..]), ("y", &[1])]);
        assert_eq!(tensors.array("x").unwrap().values, [1.5, -2.0]);
        assert_eq!(tensors.array("y").unwrap().values, [7.0]);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let error = |bytes: &[u8]| Tensors::open(bytes).map(|_| ()).unwrap_err().to_string();
        assert_eq!(error(b"abc"), "truncated: its header promises 8 bytes, and there are 3");
        assert!(
            error(b"x,y\n1,2\n3,4\n").starts_with("not a safetensors file: the file begins with [78, 2c")
        );
        let whole = file(r#"{"x":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#, &[0; 8]);
        assert_eq!(error(&whole[..30]), "truncated: its header promises 62 bytes, and there are 30");
        assert!(error(&file("{]", &[])).starts_with("safetensors header, byte 10 of the file: "));

        assert_eq!(
            error(&file(r#"{"x":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}}"#, &[0; 4])),
            "safetensors header, tensor `x`: invalid value: integer `-1`, expected usize"
        );

        let array = |header: &str, data: &[u8]| {
            let bytes = file(header, data);
            Tensors::open(&bytes).unwrap().array("x").map(|_| ()).unwrap_err().to_string()
        };
        let cut = whole.len() - 3;
        assert_eq!(
            Tensors::open(&whole[..cut]).unwrap().array("x").unwrap_err().to_string(),
            "tensor `x` of shape [2] lies at offsets 0..8 of 5 bytes of data; it needs 8"
        );
        for offsets in ["[0,4]", "[8,0]", "[0,18446744073709551615]"] {
            let header = format!(r#"{{"x":{{"dtype":"F32","shape":[2],"data_offsets":{offsets}}}}}"#);
            assert!(array(&header, &[0; 8]).ends_with("it needs 8"), "{offsets}");
        }
        let eighth = r#"{"x":{"dtype":"F8_E4M3","shape":[2],"data_offsets":[0,2]}}"#;
        assert!(array(eighth, &[0; 2]).starts_with("elements of type `F8_E4M3`"));
    }
}
