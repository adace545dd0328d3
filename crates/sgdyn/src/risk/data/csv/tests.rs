//! Tests of comma-separated files: what is read, and what every mistake is called.

use std::fmt::Write as _;
use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn read(text: &str) -> Result<Dataset, DatasetError> {
    Dataset::from_csv_text("t.csv", text, &ReadOptions::default())
}

fn by_name(name: &str) -> ReadOptions {
    ReadOptions { label: Some(Column::Name(name.to_owned())), ..ReadOptions::default() }
}

fn by_index(index: i64) -> ReadOptions {
    ReadOptions { label: Some(Column::Index(index)), ..ReadOptions::default() }
}

fn classes_of(data: &Dataset) -> (Vec<u32>, Vec<String>) {
    match data.labels() {
        Labels::Classes { of_sample, names } => (of_sample.clone(), names.clone()),
        Labels::Targets(_) => panic!("classes expected"),
    }
}

#[test]
fn a_header_is_found_and_its_absence_too() {
    let plain = read("1,2,0\n3,4,1").unwrap();
    assert_eq!((plain.values(), plain.feature_names()[1].as_str()), (&[1., 2., 3., 4.][..], "feature 2"));
    let named = read("width,,kind\r\n1,2,0\r\n3,4,1\r\n").unwrap();
    assert_eq!(
        (named.values(), named.feature_names()),
        (plain.values(), &["width".into(), "feature 2".into()][..])
    );
    // A text label alone does not make a header.
    assert_eq!(read("1,a\n2,b\n").unwrap().samples(), 2);
    let forced = ReadOptions { header: Some(true), ..ReadOptions::default() };
    assert_eq!(Dataset::from_csv_text("t", "2019,2020\n1,0\n2,1", &forced).unwrap().samples(), 2);
}

#[test]
fn the_label_is_any_column() {
    let text = "kind,x,y\nb,1,2\na,3,4\n";
    for options in [by_name("kind"), by_index(0), by_index(-3)] {
        let data = Dataset::from_csv_text("t", text, &options).unwrap();
        assert_eq!(data.values(), [1., 2., 3., 4.]);
        assert_eq!(classes_of(&data), (vec![1, 0], vec!["a".to_owned(), "b".to_owned()]));
    }
}

#[test]
fn classes_are_ordered_as_numbers_or_as_text() {
    let names = |text: &str| classes_of(&read(text).unwrap());
    assert_eq!(
        names("0,10\n0,9\n0,-1\n0,9.0\n"),
        (vec![2, 1, 0, 1], vec!["-1".into(), "9".into(), "10".into()])
    );
    assert_eq!(names("0,0\n0,-0\n0,1\n").1, ["0", "1"]);
    assert_eq!(names("0,10\n0,9\n0,x\n").1, ["10", "9", "x"]);
}

#[test]
fn targets_are_real() {
    let options = ReadOptions { labels: LabelKind::Targets, ..ReadOptions::default() };
    let data = Dataset::from_csv_text("t", "1,0.5\n2,0.5", &options).unwrap();
    assert_eq!((data.labels(), data.classes()), (&Labels::Targets(vec![0.5, 0.5]), None));
    let error = Dataset::from_csv_text("t.csv", "1,0.5\n2,high", &options).unwrap_err();
    assert_eq!(error.to_string(), "t.csv, row 2, column 2: `high` is not a number");
}

#[test]
fn every_mistake_is_named_with_its_place() {
    let table = [
        ("", "t.csv: no rows of data"),
        ("x,kind\n", "t.csv: no rows of data"),
        (
            "0\n1\n",
            "t.csv: the label is the only column; at least one feature is needed, separated by commas",
        ),
        ("1,2,0\n1,2,3,1\n", "t.csv, row 2: expected 3 cells as in the first row, found 4"),
        ("x,y,kind\n\n1,2,0\n1,1\n", "t.csv, row 4: expected 3 cells as in the first row, found 2"),
        ("x,y,kind\n1,,0\n", "t.csv, row 2, column 2 (`y`): the cell is empty; fill it or remove the row"),
        ("1,,0\n2,2,1\n", "t.csv, row 1, column 2: the cell is empty; fill it or remove the row"),
        ("1,0\n2,\n", "t.csv, row 2, column 2: the cell is empty; fill it or remove the row"),
        ("1,0\n1.2.3,1\n", "t.csv, row 2, column 1: `1.2.3` is not a number"),
        ("1,0\nNaN,1\n", "t.csv, row 2, column 1: `NaN` is not a finite number"),
        ("-inf,0\n1,1\n", "t.csv, row 1, column 1: `-inf` is not a finite number"),
        ("1,0\n1e999,1\n", "t.csv, row 2, column 1: `1e999` is not a finite number"),
        ("1,0\n1,nan\n", "t.csv, row 2, column 2: `nan` is not a finite number"),
        ("1,0\n\"2,1\n", "t.csv, row 2: the quote opened here is never closed"),
        (
            "1,0\n2,0\n",
            "t.csv: a classification needs at least 2 classes, and every label is `0`; is the label column right?",
        ),
    ];
    for (text, expected) in table {
        assert_eq!(read(text).unwrap_err().to_string(), expected, "{text:?}");
    }
}

#[test]
fn columns_are_passed_over_and_incomplete_rows_left_out() {
    let text = "id,x,kind,y,note\n1,2,a,3,\n2,,b,5,hm\n3,6,b,7,\n";
    let ignore = vec![Column::Name("note".to_owned()), Column::Index(0)];
    let options = ReadOptions { ignore, ..by_name("kind") };
    let read = |options: &ReadOptions| Dataset::from_csv_text("t.csv", text, options);
    assert_eq!(
        read(&options).unwrap_err().to_string(),
        "t.csv, row 3, column 2 (`x`): the cell is empty; fill it or remove the row"
    );
    // Cells of columns that are passed over may be empty, or text.
    let dropped = ReadOptions { incomplete_rows: IncompleteRows::Drop, ..options.clone() };
    let data = read(&dropped).unwrap();
    assert_eq!((data.values(), data.feature_names().concat()), (&[2., 3., 6., 7.][..], "xy".to_owned()));
    assert_eq!(classes_of(&data).0, [0, 1]);
    // A text in a column that is passed over does not make a header.
    let ignore = ReadOptions { ignore: vec![Column::Index(0)], ..ReadOptions::default() };
    assert_eq!(Dataset::from_csv_text("t.csv", "a,1,0\nb,2,1\n", &ignore).unwrap().values(), [1., 2.]);
    let label = ReadOptions { ignore: vec![Column::Index(2)], ..options };
    assert_eq!(
        read(&label).unwrap_err().to_string(),
        "t.csv: column 3 holds the label and cannot be ignored"
    );
    let nothing =
        Dataset::from_csv_text("t.csv", "1,\n,0\n", &ReadOptions { header: Some(false), ..dropping() });
    assert!(matches!(nothing, Err(DatasetError::NoRows { .. })));
}

fn dropping() -> ReadOptions {
    ReadOptions { incomplete_rows: IncompleteRows::Drop, ..ReadOptions::default() }
}

#[test]
fn declared_classes_are_kept_and_others_refused() {
    let options = ReadOptions { classes: Some(3), ..ReadOptions::default() };
    let read = |text: &str| Dataset::from_csv_text("t.csv", text, &options);
    let names = vec!["0".to_owned(), "1".to_owned(), "2".to_owned()];
    assert_eq!(classes_of(&read("5,2\n6,0.0\n").unwrap()), (vec![2, 0], names));
    for label in ["3", "-1", "0.5", "a", "1e30"] {
        let error = read(&format!("5,0\n6,{label}\n")).unwrap_err().to_string();
        let expected = format!("t.csv, row 2: the label `{label}` is none of the 3 classes 0 to 2");
        assert_eq!(error, expected);
    }
}

#[test]
fn a_label_that_does_not_exist_has_a_near_miss() {
    let error =
        |text, options: &ReadOptions| Dataset::from_csv_text("t.csv", text, options).unwrap_err().to_string();
    let named = "width,height,species\n1,2,a\n";
    assert_eq!(
        error(named, &by_name("Specie")),
        "t.csv: no column is named `Specie`; did you mean `species`?"
    );
    assert_eq!(
        error(named, &by_name("label")),
        "t.csv: no column is named `label`; there are `width`, `height`, `species`"
    );
    assert_eq!(
        error("1,2\n", &by_name("label")),
        "t.csv: no column is named `label`; the file has no header: give the number of the column, from 0, or -1 for the last"
    );
    assert_eq!(
        error(named, &by_index(3)),
        "t.csv: column 3 does not exist: the table has 3 columns, so use 0 to 2 or -3 to -1"
    );
    assert!(error(named, &by_index(i64::MIN)).contains("does not exist"));
}

#[test]
fn files_are_read_plain_or_compressed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv.gz");
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    gzip.write_all(b"1,0\n2,1").unwrap();
    let bytes = gzip.finish().unwrap();
    std::fs::write(&path, &bytes).unwrap();
    assert_eq!(Dataset::read(&path, &ReadOptions::default()).unwrap().values(), [1.0, 2.0]);

    std::fs::write(&path, &bytes[..bytes.len() - 9]).unwrap();
    let cut = Dataset::read(&path, &ReadOptions::default()).unwrap_err();
    let expected = format!("{}: the gzip stream cannot be inflated: ", path.display());
    assert!(cut.to_string().starts_with(&expected), "{cut}");
    let missing = Dataset::read(folder.path().join("none.csv"), &ReadOptions::default());
    assert!(matches!(missing, Err(DatasetError::Unreadable { .. })));
    let binary = Dataset::from_bytes("t.csv", b"1,0\n2,\xff\n", &ReadOptions::default()).unwrap_err();
    assert!(binary.to_string().starts_with("t.csv, row 2: not UTF-8 text"), "{binary}");
}

proptest! {
    #[test]
    fn no_text_panics(text in "[0-9a-z,\"\r\n .+\u{e9}-]{0,120}", label in -4_i64..4, header: Option<bool>) {
        for label in [Column::Index(label), Column::Name("a".to_owned())] {
            for labels in [LabelKind::Classes, LabelKind::Targets] {
                let options = ReadOptions { header, label: Some(label.clone()), labels, ..ReadOptions::default() };
                if let Ok(data) = Dataset::from_csv_text("fuzz", &text, &options) {
                    prop_assert!(data.samples() > 0 && data.features() > 0);
                    prop_assert!(data.values().iter().all(|value| value.is_finite()));
                }
            }
        }
    }

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, compressed: bool) {
        let head: &[u8] = if compressed { &[0x1f, 0x8b, 8, 0] } else { &[] };
        let _ = Dataset::from_bytes("fuzz", &[head, &bytes].concat(), &ReadOptions::default());
    }

    #[test]
    fn what_is_written_is_read(
        rows in proptest::collection::vec((-1e300..1e300_f64, -1.0..1.0_f64, 0..3_u8), 2..20)
    ) {
        let mut text = String::new();
        for (x, y, class) in &rows {
            let _ = write!(text, "{x:?},{y:?},\"c,{class}\"\r\n");
        }
        match read(&text) {
            Ok(data) => {
                let values: Vec<f64> = rows.iter().flat_map(|&(x, y, _)| [x, y]).collect();
                prop_assert_eq!(data.values(), values);
            }
            Err(error) => prop_assert!(matches!(error, DatasetError::OneClass { .. }), "{}", error),
        }
    }
}
