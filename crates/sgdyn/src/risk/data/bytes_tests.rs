//! Tests of all formats at once: they agree on the same samples, and bytes of any kind are read or refused.

use std::io::Write as _;

use proptest::prelude::*;
use zip::CompressionMethod;
use zip::write::{SimpleFileOptions, ZipWriter};

use super::npy::tests::file as npy_file;
use super::safetensors::tests::file as safetensors_file;
use super::*;

/// Three images of 2 × 2 pixels and their labels.
const PIXELS: [u8; 12] = [0, 1, 2, 3, 10, 20, 30, 40, 255, 254, 253, 252];
const LABELS: [u8; 3] = [7, 1, 7];

fn idx(shape: &[u32], bytes: &[u8]) -> Vec<u8> {
    let lengths: Vec<u8> = shape.iter().flat_map(|length| length.to_be_bytes()).collect();
    [&[0, 0, 8, shape.len() as u8][..], &lengths, bytes].concat()
}

fn images() -> Vec<u8> {
    idx(&[3, 2, 2], &PIXELS)
}

fn labels() -> Vec<u8> {
    idx(&[3], &LABELS)
}

fn numbers(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().flat_map(|&byte| f64::from(byte).to_le_bytes()).collect()
}

fn npz(method: CompressionMethod, arrays: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let mut archive = ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in arrays {
        archive.start_file(*name, SimpleFileOptions::default().compression_method(method)).unwrap();
        archive.write_all(bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

/// As `numpy.savez(file, x=…, y=…)` and `numpy.savez_compressed` write it.
fn npz_of_images(method: CompressionMethod) -> Vec<u8> {
    let x = npy_file("'|u1'", false, "(3, 2, 2)", &PIXELS);
    npz(method, &[("x.npy", x), ("y.npy", npy_file("'|u1'", false, "(3,)", &LABELS))])
}

fn safetensors_of_images() -> Vec<u8> {
    let header = r#"{"__metadata__":{},"x":{"dtype":"F64","shape":[3,2,2],"data_offsets":[0,96]},"y":{"dtype":"U8","shape":[3],"data_offsets":[96,99]}}"#;
    safetensors_file(header, &[numbers(&PIXELS), LABELS.to_vec()].concat())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// Every format, by the name it is told by.
fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![
        ("x-idx3-ubyte", images()),
        ("x.npy", npy_file("'<f8'", false, "(3, 2, 2)", &numbers(&PIXELS))),
        ("x.npz", npz_of_images(CompressionMethod::Stored)),
        ("x-compressed.npz", npz_of_images(CompressionMethod::Deflated)),
        ("x.safetensors", safetensors_of_images()),
    ]
}

fn of_one_array(name: &str) -> bool {
    !name.contains(".npz") && !name.contains(".safetensors")
}

fn read(name: &str, bytes: &[u8]) -> Result<Dataset, DatasetError> {
    let labels = labels();
    Dataset::from_contents(
        name,
        bytes,
        of_one_array(name).then_some(("y-idx1-ubyte", &labels)),
        &ReadOptions::default(),
    )
}

#[test]
fn all_formats_hold_the_same_samples_plain_and_compressed() {
    let values: Vec<f64> = PIXELS.map(f64::from).to_vec();
    let names = vec!["1".to_owned(), "7".to_owned()];
    let expected = Labels::Classes { of_sample: vec![1, 0, 1], names };
    for (name, bytes) in files() {
        for bytes in [bytes.clone(), gzip(&bytes)] {
            let data = read(name, &bytes).unwrap();
            assert_eq!((data.values(), data.shape()), (&values[..], &[2, 2][..]), "{name}");
            assert_eq!(data.labels(), &expected, "{name}");
        }
    }
}

/// Files written by numpy 2 and by the reference implementation of safetensors:
///
/// ```python
/// x = (numpy.arange(24).reshape(3, 2, 4) - 5).astype("<i4"); y = numpy.array([2, 0, 2], ">i8")
/// numpy.savez("numpy-savez.npz", x=x, y=y)
/// numpy.savez_compressed("numpy-savez-compressed.npz", x=numpy.asfortranarray(x.astype("f8") / 8), y=y.astype("u1"))
/// numpy.save("numpy-save-fortran.npy", numpy.asfortranarray(numpy.arange(12, dtype=">f4").reshape(4, 3)))
/// safetensors.numpy.save_file({"x": x.astype("f2"), "y": y.astype("<i8")}, "huggingface.safetensors", metadata={…})
/// ```
#[test]
fn files_of_the_reference_writers_are_read() {
    macro_rules! file {
        ($name:literal) => {
            ($name, &include_bytes!(concat!("../../../tests/data/formats/", $name))[..])
        };
    }
    let files =
        [file!("numpy-savez.npz"), file!("numpy-savez-compressed.npz"), file!("huggingface.safetensors")];
    for ((name, bytes), divisor) in files.into_iter().zip([1.0, 8.0, 1.0]) {
        let data = Dataset::from_bytes(name, bytes, &ReadOptions::default()).unwrap();
        let values: Vec<f64> = (0..24).map(|value| f64::from(value - 5) / divisor).collect();
        assert_eq!((data.values(), data.shape()), (&values[..], &[2, 4][..]), "{name}");
        let names = vec!["0".to_owned(), "2".to_owned()];
        assert_eq!(data.labels(), &Labels::Classes { of_sample: vec![1, 0, 1], names }, "{name}");
    }
    let (name, bytes) = file!("numpy-save-fortran.npy");
    let options = ReadOptions { labels: LabelKind::Targets, ..ReadOptions::default() };
    let data = Dataset::from_bytes(name, bytes, &options).unwrap();
    assert_eq!(data.values(), [0., 1., 3., 4., 6., 7., 9., 10.]);
    assert_eq!(data.labels(), &Labels::Targets(vec![2., 5., 8., 11.]));
}

#[test]
fn files_are_told_by_their_content_where_the_name_says_nothing() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files() {
        let path = folder.path().join("data");
        std::fs::write(&path, &bytes).unwrap();
        let labels_path = folder.path().join("labels");
        std::fs::write(&labels_path, labels()).unwrap();
        let labels_file = of_one_array(name).then_some(labels_path);
        let options = ReadOptions { labels_file, ..ReadOptions::default() };
        assert_eq!(Dataset::read(&path, &options).unwrap().samples(), 3, "{name}");
    }
}

#[test]
fn a_table_of_numbers_has_its_label_in_a_column() {
    let table = npy_file("'|u1'", false, "(3, 3)", &[1, 2, 0, 3, 4, 1, 5, 6, 0]);
    let options = |label| ReadOptions { label, labels: LabelKind::Targets, ..ReadOptions::default() };
    let data = Dataset::from_bytes("x.npy", &table, &options(None)).unwrap();
    assert_eq!((data.values(), data.shape()), (&[1., 2., 3., 4., 5., 6.][..], &[2][..]));
    assert_eq!(data.labels(), &Labels::Targets(vec![0., 1., 0.]));
    let first = Dataset::from_bytes("x.npy", &table, &options(Some(Column::Index(0)))).unwrap();
    assert_eq!(first.labels(), &Labels::Targets(vec![1., 3., 5.]));
    let error = |label| Dataset::from_bytes("x.npy", &table, &options(Some(label))).unwrap_err().to_string();
    assert!(error(Column::Index(3)).starts_with("x.npy: column 3 does not exist: the table has 3 columns"));
    assert!(
        error(Column::Name("y".to_owned()))
            .starts_with("x.npy: no column is named `y`; an array has no names")
    );
}

#[test]
fn what_does_not_fit_together_is_named() {
    let of = |name: &str, bytes: &[u8], labels: Option<&[u8]>, options: &ReadOptions| {
        let labels = labels.map(|bytes| ("y-idx1-ubyte", bytes));
        Dataset::from_contents(name, bytes, labels, options).unwrap_err().to_string()
    };
    let plain = ReadOptions::default();
    assert_eq!(
        of("x-idx3-ubyte", &images(), Some(&idx(&[2], &[0, 1])), &plain),
        "y-idx1-ubyte holds 2 labels, and x-idx3-ubyte holds 3 samples"
    );
    assert!(
        of("x", &images(), Some(&idx(&[3, 2], &[0; 6])), &plain)
            .starts_with("y-idx1-ubyte: labels have the shape [3, 2]")
    );
    assert_eq!(
        of("x", &images(), None, &plain),
        "x holds an array of shape [3, 2, 2] without labels; name the file of its labels in `labels`"
    );
    let classes = ReadOptions { classes: Some(7), ..plain.clone() };
    assert_eq!(
        of("x", &images(), Some(&labels()), &classes),
        "y-idx1-ubyte, row 1: the label `7` is none of the 7 classes 0 to 6"
    );
    let nan =
        npy_file("'<f4'", false, "(2, 2)", &[1.0_f32, 2.0, f32::NAN, 1.0].map(f32::to_le_bytes).concat());
    assert_eq!(
        of("x.npy", &nan, None, &plain),
        "x.npy, row 2, column 1 (`feature 1`): `NaN` is not a finite number"
    );
    let nan =
        npy_file("'<f4'", false, "(2, 2)", &[1.0_f32, 2.0, 1.0, f32::NAN].map(f32::to_le_bytes).concat());
    assert_eq!(
        of("x.npy", &nan, None, &plain),
        "x.npy, row 2, column of the label: `NaN` is not a finite number"
    );
    assert_eq!(of("x.npy", b"1,2,3\n", None, &plain).split(':').nth(1), Some(" not an npy file"));
    assert!(of("x.csv", &images(), None, &plain).starts_with("x.csv"));
    let header = ReadOptions { header: Some(true), ..plain.clone() };
    assert_eq!(
        of("x", &images(), None, &header),
        "x is an IDX file, to which `header` does not apply; remove it"
    );
    let shape = ReadOptions { shape: Some(vec![3]), ..plain.clone() };
    assert_eq!(
        of("x", &images(), Some(&labels()), &shape),
        "x: a sample of 4 features cannot have the shape [3]"
    );
    assert!(of("x", &idx(&[0, 2, 2], &[]), Some(&idx(&[0], &[])), &plain).ends_with("no rows of data"));
    for shape in ["(18446744073709551615, 0)", "(0, 18446744073709551615)", "(2, 1)", "()", "(1, 0, 1)"] {
        let bytes = npy_file(
            "'|u1'",
            true,
            shape,
            &[0; 2][..if shape == "(2, 1)" { 2 } else { usize::from(shape == "()") }],
        );
        let error = of("x.npy", &bytes, None, &plain);
        assert!(error.starts_with("x.npy"), "{error}");
    }
    let labels_file = Some(std::path::PathBuf::from("none"));
    let missing = Dataset::from_bytes("x", &images(), &ReadOptions { labels_file, ..plain });
    assert!(matches!(missing, Err(DatasetError::Unreadable { .. })));
}

#[test]
fn the_arrays_of_a_file_are_chosen_by_name_or_shape() {
    let array = |shape: &str, bytes: &[u8]| npy_file("'|u1'", false, shape, bytes);
    let four = |name: &str| -> Vec<(String, Vec<u8>)> {
        vec![
            (format!("x_{name}.npy"), array("(3, 2)", &[1, 2, 3, 4, 5, 6])),
            (format!("y_{name}.npy"), array("(3,)", &LABELS)),
        ]
    };
    let both: Vec<(String, Vec<u8>)> = [four("train"), four("test")].concat();
    let both: Vec<(&str, Vec<u8>)> =
        both.iter().map(|(name, bytes)| (name.as_str(), bytes.clone())).collect();
    let bytes = npz(CompressionMethod::Deflated, &both);
    let read = |features: Option<&str>, label: Option<&str>| {
        let label = label.map(|label| Column::Name(label.to_owned()));
        let options = ReadOptions { features: features.map(str::to_owned), label, ..ReadOptions::default() };
        Dataset::from_bytes("m.npz", &bytes, &options)
    };
    assert_eq!(read(Some("x_test"), Some("y_test")).unwrap().samples(), 3);
    assert_eq!(
        read(None, None).unwrap_err().to_string(),
        "m.npz: name the array of the features in `features`; there are `x_train` [3, 2], `y_train` [3], `x_test` [3, 2], `y_test` [3]"
    );
    assert!(
        read(Some("x_test"), None)
            .unwrap_err()
            .to_string()
            .starts_with("m.npz: name the array of the label in `label`")
    );
    assert_eq!(
        read(Some("x_tset"), None).unwrap_err().to_string(),
        "m.npz: no array is named `x_tset`; did you mean `x_test`?"
    );
    let objects =
        [("x.npy", array("(1, 2)", &[1, 2])), ("y.npy", npy_file("'|O'", false, "(1,)", b"pickle"))];
    let error = Dataset::from_bytes(
        "o.npz",
        &npz(CompressionMethod::Stored, &objects),
        &ReadOptions { label: Some(Column::Name("y".to_owned())), ..ReadOptions::default() },
    );
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("o.npz, array `y`: an array of Python objects (|O), which only pickle reads"),
        "{error}"
    );
}

#[test]
fn the_check_sum_of_an_archive_finds_a_changed_element() {
    let mut bytes = npz_of_images(CompressionMethod::Stored);
    let place = bytes.windows(PIXELS.len()).position(|window| window == PIXELS).unwrap();
    bytes[place] ^= 1;
    let error = read("x.npz", &bytes).unwrap_err().to_string();
    assert!(error.starts_with("x.npz, array `x`: the member cannot be inflated: "), "{error}");
}

#[test]
fn every_truncation_is_refused() {
    for (name, bytes) in files() {
        for length in 0..bytes.len() {
            let error = read(name, &bytes[..length]).expect_err(name).to_string();
            assert!(error.contains(name), "{error}");
        }
        let compressed = gzip(&bytes);
        for length in 2..compressed.len() {
            let error = read(name, &compressed[..length]).expect_err(name).to_string();
            assert!(error.contains("the gzip stream cannot be inflated"), "{error}");
        }
    }
}

/// Names that force each format, and one that leaves it to the content.
const NAMES: [&str; 6] = ["f.csv", "f-ubyte", "f.npy", "f.npz", "f.safetensors", "f"];

proptest! {
    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, head in 0..6_usize, name in 0..6_usize) {
        let heads: [&[u8]; 6] =
            [b"", &[0x1f, 0x8b, 8, 0], b"\x93NUMPY\x01\0", b"PK\x03\x04", b"\x10\0\0\0\0\0\0\0{", &[0, 0, 8, 2]];
        let _ = read(NAMES[name], &[heads[head], &bytes].concat());
    }

    #[test]
    fn no_damage_panics(file in 0..5_usize, damage in proptest::collection::vec((0..4096_usize, any::<u8>()), 1..6)) {
        let (name, mut bytes) = files().swap_remove(file);
        for (place, byte) in damage {
            let length = bytes.len();
            bytes[place % length] = byte;
        }
        if let Ok(data) = read(name, &bytes) {
            prop_assert!(data.values().iter().all(|value| value.is_finite()));
            prop_assert_eq!(data.shape().iter().product::<usize>() * data.samples(), data.values().len());
        }
    }
}
