//! Tests of the keys about data: what studies get, and what a wrong key is called.

use super::*;
use crate::risk::{ConstantFeatures, Labels};
use crate::study::{Landscape, Overrides, Study};

/// The parts that a study with these lines in `[landscape]` is run on.
fn parts_of(risk: &str, lines: &str, directory: Option<&Path>) -> Result<(Dataset, Option<Dataset>), String> {
    let text = format!(
        "study = \"stationary\"\n[landscape]\nrisk = \"{risk}\"\n{lines}\n\
         [rule]\nname = \"sgd\"\nlearning_rate = 0.1\nbatch_size = 8\n[stationary]\nburn_in = 100\nsteps = 1000\n"
    );
    let study = Study::parse("t.toml", &text, &Overrides::default()).map_err(|error| error.to_string())?;
    let Landscape::Risk(risk) = &study.first().landscape else { panic!("a risk was described") };
    parts(&risk.data, LabelKind::Classes, directory).map_err(|error| error.to_string())
}

#[test]
fn images_are_divided_pooled_thinned_split_and_standardised_in_this_order() {
    let lines = "data = \"mnist-test\"\ndivide_by = 255\npool = [6, 6]\nsubset = 1000\nsplit = 0.8";
    let (train, test) = parts_of("softmax", lines, None).unwrap();
    let test = test.unwrap();
    assert_eq!((train.samples(), test.samples(), train.shape()), (800, 200, &[6, 6][..]));

    let pooled = Dataset::ready("mnist-test").unwrap().divided_by(255.0).unwrap().pooled(6, 6).unwrap();
    let (of_train, of_test) = pooled.stratified(1000).unwrap().split(0.8, 1).unwrap();
    let measured = Standardisation::of(&of_train, ConstantFeatures::default()).unwrap();
    assert_eq!((train, test), (measured.apply(&of_train).unwrap(), measured.apply(&of_test).unwrap()));

    let lines = format!("{lines}\nsplit_seed = 2\nsubset_by = \"first\"\nstandardise = false");
    let (train, _) = parts_of("softmax", &lines, None).unwrap();
    assert_eq!(train, pooled.first(1000).unwrap().split(0.8, 2).unwrap().0);
}

#[test]
fn files_lie_beside_the_study() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| std::fs::write(folder.path().join(name), bytes).unwrap();
    write("images.gz", &[&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2][..], &[1, 2, 3, 4]].concat());
    write("labels.idx", &[0, 0, 8, 1, 0, 0, 0, 2, 1, 2]);
    write("table.csv", b"id,x,y,kind\n1,5,6,0\n2,,8,1\n3,9,10,1\n");
    let read = |lines: &str| parts_of("softmax", lines, Some(folder.path())).map(|(train, _)| train);

    let lines = "data = \"./images.gz\"\nlabels = \"labels.idx\"\nclasses = 3\nstandardise = false";
    let images = read(lines).unwrap();
    assert_eq!(
        (images.values(), images.shape(), images.classes()),
        (&[1., 2., 3., 4.][..], &[1, 2][..], Some(3))
    );
    let error = read(&lines.replace('3', "2")).unwrap_err();
    assert!(error.ends_with("labels.idx, row 2: the label `2` is none of the 2 classes 0 to 1"), "{error}");

    let lines = "data = \"table.csv\"\nlabel = \"kind\"\nignore = [\"0\"]\nstandardise = false";
    assert!(read(lines).unwrap_err().contains("row 3, column 2 (`x`): the cell is empty"));
    let table = read(&format!("{lines}\nincomplete_rows = \"drop\"")).unwrap();
    assert_eq!(table.values(), [5., 6., 9., 10.]);
}

#[test]
fn a_text_is_cut_in_two_and_then_into_windows() {
    let lines = "data = \"shakespeare\"\nwindow = 16\nsplit = 0.9\nsubset = 5000";
    let (train, test) = parts_of("softmax", lines, None).unwrap();
    let test = test.unwrap();
    // 10 % of 1,115,394 characters hold ⌊(111,539 − 17)/16⌋ + 1 windows with a character after them.
    assert_eq!((train.samples(), test.samples(), train.shape()), (5000, 6971, &[16][..]));
    assert_eq!((train.classes(), test.classes()), (Some(65), Some(65)));

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("song.txt"), "abcab").unwrap();
    let (song, _) =
        parts_of("softmax", "data = \"song.txt\"\nwindow = 2\nstride = 1", Some(folder.path())).unwrap();
    assert_eq!(song.values(), [0., 1., 1., 2., 2., 0.]);
    let Labels::Classes { of_sample, .. } = song.labels() else { panic!("classes expected") };
    assert_eq!(of_sample, &[2, 0, 1]);
}

#[test]
fn what_does_not_fit_is_named_with_its_key() {
    let table = [
        ("data = \"shakespeare\"", "`landscape.data` is shakespeare: it is a text: give `landscape.window`"),
        (
            "data = \"digits\"\nwindow = 8",
            "`landscape.window` is 8: only texts are cut into windows; remove it",
        ),
        ("data = \"digits\"\nclasses = 10", "`landscape.classes` is given: `digits` is a ready data set"),
        (
            "data = \"digit\"\nshape = [8, 8]",
            "`landscape.data`: no ready data set is named `digit`; did you mean",
        ),
        ("data = \"digits\"\npool = [4]", "`landscape.pool` is [4]: give two numbers: [height, width]"),
        (
            "data = \"banknote\"\npool = [1, 1]",
            "`landscape.data`: banknote: samples of shape [4] cannot be pooled",
        ),
        ("data = \"digits\"", "`landscape.data`: digits: feature column 1 (`feature 1`) is constant (0)"),
        (
            "data = \"digits\"\nsubset = 2000\n",
            "`landscape.data`: digits: 2000 of 1797 samples were asked for",
        ),
        ("data = \"none.npy\"", "`landscape.data`: cannot read `none.npy`"),
        ("data = \"none.txt\"\nwindow = 3", "`landscape.data`: cannot read `none.txt`"),
        (
            "data = \"mnist-test\"\nlabel = \"y\"",
            "`landscape.data`: mnist-test is an IDX file, to which `label`",
        ),
    ];
    for (lines, expected) in table {
        let error = parts_of("softmax", lines, None).map(|_| ()).unwrap_err();
        assert!(error.starts_with(expected), "{lines}: {error}");
    }
    let zero = parts_of("softmax", "data = \"digits\"\nconstant_features = \"zero\"", None).unwrap().0;
    assert_eq!(zero.shape(), [8, 8]);
    let error =
        parts_of("softmax", "data = \"shakespeare\"\nwindow = 8\nstandardise = true", None).unwrap_err();
    assert!(error.contains("standardise"), "{error}");
}
