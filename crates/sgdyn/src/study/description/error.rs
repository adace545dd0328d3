//! What can be wrong with the description of a study.

use super::place::Place;

/// A study file, a `--set` argument or a sweep cannot be understood. The text names the key, the value, what is
/// allowed, and the place.
#[derive(Debug, thiserror::Error)]
pub enum DescriptionError {
    /// The file cannot be read.
    #[error("cannot read the study {path}: {cause}")]
    Read {
        /// The path as it was given.
        path: String,
        /// What the system says.
        #[source]
        cause: std::io::Error,
    },
    /// The text is not TOML.
    #[error("not valid TOML: {message}\n{place}")]
    Syntax {
        /// What the parser says.
        message: String,
        /// Where.
        place: Box<Place>,
    },
    /// Tables or lists are nested beyond what any study needs.
    #[error("nested deeper than {deepest} levels\n{place}")]
    TooDeep {
        /// The deepest level that is read.
        deepest: usize,
        /// Where.
        place: Box<Place>,
    },
    /// A TOML date, which no key takes.
    #[error("`{value}` is a date: no key of a study takes one\n{place}")]
    Date {
        /// The date.
        value: String,
        /// Where.
        place: Box<Place>,
    },
    /// A key that the schema does not have.
    #[error("unknown key `{key}`{}\n{place}", did_you_mean(.nearest.as_deref()))]
    UnknownKey {
        /// The full path of the key.
        key: String,
        /// The most similar key, if one is similar.
        nearest: Option<String>,
        /// Where.
        place: Box<Place>,
    },
    /// A key that exists but does not belong in this study.
    #[error("`{key}` does not fit here: {reason}\n{place}")]
    Misplaced {
        /// The full path of the key.
        key: String,
        /// Why, and what to use instead.
        reason: String,
        /// Where.
        place: Box<Place>,
    },
    /// A key that this study needs.
    #[error("missing key `{key}` ({expected}): {documentation}\n{place}")]
    Missing {
        /// The full path of the key.
        key: String,
        /// The type and range of its values.
        expected: String,
        /// What it means.
        documentation: String,
        /// The table that lacks it.
        place: Box<Place>,
    },
    /// None or several of keys of which a study has exactly one.
    #[error("a study has exactly one of {keys}; this one has {found}\n{place}")]
    ExactlyOne {
        /// The keys.
        keys: String,
        /// Those that are there.
        found: String,
        /// Where.
        place: Box<Place>,
    },
    /// A value of another type than the key takes.
    #[error("`{key}` takes {expected}, and was given {kind}: {value}\n{place}")]
    WrongType {
        /// The full path of the key.
        key: String,
        /// The type that it takes.
        expected: String,
        /// The kind of the value.
        kind: &'static str,
        /// The value.
        value: String,
        /// Where.
        place: Box<Place>,
    },
    /// A value outside the range of its key.
    #[error("`{key}` = {value} is out of range: it must be {allowed}\n{place}")]
    OutOfRange {
        /// The full path of the key.
        key: String,
        /// The value.
        value: String,
        /// The range.
        allowed: String,
        /// Where.
        place: Box<Place>,
    },
    /// A name that is not one of the choices of its key.
    #[error("`{key}` has no choice {value}{}; the choices are {choices}\n{place}", did_you_mean(.nearest.as_deref()))]
    UnknownChoice {
        /// The full path of the key.
        key: String,
        /// The value.
        value: String,
        /// The most similar choice, if one is similar.
        nearest: Option<String>,
        /// The choices.
        choices: String,
        /// Where.
        place: Box<Place>,
    },
    /// A sweep over nothing.
    #[error("`{key}` is an empty list: a sweep needs at least one value\n{place}")]
    EmptySweep {
        /// The full path of the key.
        key: String,
        /// Where.
        place: Box<Place>,
    },
    /// `sweep.zip` names a key that is not swept, or one twice.
    #[error("`sweep.zip` names `{key}`, {reason}\n{place}")]
    Zip {
        /// The path that is named.
        key: String,
        /// What is wrong with it.
        reason: String,
        /// Where.
        place: Box<Place>,
    },
    /// Lists that are walked together differ in length.
    #[error(
        "`sweep.zip` pairs lists of different lengths: `{first}` has {first_length} values, `{second}` has {second_length}\n{place}"
    )]
    ZipLength {
        /// The first path.
        first: String,
        /// Its number of values.
        first_length: usize,
        /// The other path.
        second: String,
        /// Its number of values.
        second_length: usize,
        /// Where.
        place: Box<Place>,
    },
    /// The lists multiply to too many cells.
    #[error(
        "the sweep has {cells} cells ({lists}): at most {most} are run; shorten a list or pair lists with `sweep.zip`"
    )]
    TooManyCells {
        /// The number of cells, in words where it is beyond counting.
        cells: String,
        /// The lists and their lengths.
        lists: String,
        /// The limit.
        most: usize,
    },
    /// A `--set` argument that is not `path=value`.
    #[error("--set {argument}: {reason}; write --set path=value, such as --set rule.learning_rate=0.1")]
    Argument {
        /// The argument.
        argument: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A cell that the sweep does not have.
    #[error("there is no cell {index}: the study has {cells} (numbered from 0)")]
    NoSuchCell {
        /// The number asked for.
        index: usize,
        /// How many there are.
        cells: usize,
    },
    /// The schema accepted what the typed description does not: a defect of this library.
    #[error(
        "the schema and the types of `{section}` disagree: {message}; please report this study as a defect of sgdyn"
    )]
    SchemaMismatch {
        /// The table.
        section: &'static str,
        /// What the types say.
        message: String,
    },
}

fn did_you_mean(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |nearest| format!(": did you mean `{nearest}`?"))
}
