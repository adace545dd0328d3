//! What can be wrong with what is asked to be done to samples.

/// Samples cannot be prepared as asked. Columns are counted from 1.
#[derive(Debug, thiserror::Error)]
pub enum PreparationError {
    /// A feature has the same value in all samples, so that it has no scale.
    #[error(
        "{file}: feature column {column} is constant ({value}), so it cannot be standardised; set `constant_features` to `zero` to keep it as zeros, or to `drop`"
    )]
    ConstantFeature {
        /// The file.
        file: String,
        /// The column.
        column: String,
        /// Its value.
        value: f64,
    },
    /// The number that features are divided by is not usable.
    #[error("features cannot be divided by {0}: the divisor must be finite and not 0")]
    Divisor(f64),
    /// A shape of samples that does not have as many entries as they have features.
    #[error("{file}: a sample of {features} features cannot have the shape {shape:?}")]
    SampleShape {
        /// The data set.
        file: String,
        /// The shape.
        shape: Vec<usize>,
        /// The features of a sample.
        features: usize,
    },
    /// Samples that cannot be pooled to the size.
    #[error(
        "{file}: samples of shape {shape:?} cannot be pooled to {to:?}: pooling takes images, [height, width] or [channels, height, width] (give `shape` if the file does not), to 1 pixel or more, and never to more than there are"
    )]
    Pool {
        /// The data set.
        file: String,
        /// The shape of a sample.
        shape: Vec<usize>,
        /// The height and width that were asked for.
        to: [usize; 2],
    },
    /// More samples are asked for than there are, or none.
    #[error("{file}: {wanted} of {samples} samples were asked for; ask for 1 to {samples}")]
    SubsetSize {
        /// The data set.
        file: String,
        /// How many were asked for.
        wanted: usize,
        /// How many there are.
        samples: usize,
    },
    /// Real targets have no classes of which shares could be kept.
    #[error(
        "{file}: a stratified subset keeps the shares of the classes, and the labels are real numbers; take the first samples (`subset_by` = `first`)"
    )]
    NotStratified {
        /// The data set.
        file: String,
    },
    /// A split that leaves one part without samples.
    #[error("{file}: a training share of {share} of {samples} samples leaves {} without any", if *train { "training" } else { "test" })]
    EmptyPart {
        /// The data set.
        file: String,
        /// The share of the training part.
        share: f64,
        /// How many samples there are.
        samples: usize,
        /// Whether it is the training part that is empty.
        train: bool,
    },
    /// A statistic of one data set is applied to another of other features.
    #[error("{file}: {found} features, and the standardisation is of {expected}")]
    OtherFeatures {
        /// The data set.
        file: String,
        /// Features of the data set that was measured.
        expected: usize,
        /// Features of this one.
        found: usize,
    },
    /// A text too short for one window and the character after it.
    #[error("{file}: {characters} characters hold no window of {length} and the character that follows it")]
    ShortText {
        /// The text.
        file: String,
        /// Its length.
        characters: usize,
        /// The length of a window.
        length: usize,
    },
    /// Windows without length, or that do not advance.
    #[error("{file}: windows need a length and a stride of at least 1 character, not {length} and {stride}")]
    Window {
        /// The text.
        file: String,
        /// The length of a window.
        length: usize,
        /// From one beginning to the next.
        stride: usize,
    },
}
