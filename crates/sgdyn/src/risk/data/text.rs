//! A text as a sequence of characters from a vocabulary.

use std::path::Path;

use super::error::{DatasetError, near_miss};
use super::gzip::inflated;
use super::read::{content, text};
use super::selection::training_count;

const SHAKESPEARE: &[u8] = include_bytes!("../../../../../data/shakespeare.txt.gz");

/// A text, `[characters]`, each an index into the vocabulary: the different characters of the text in the order of
/// their code points.
///
/// ```
/// use sgdyn::risk::Text;
///
/// let text = Text::new("rhyme", "banana");
/// assert_eq!((text.vocabulary(), text.characters()), (&['a', 'b', 'n'][..], &[1, 0, 2, 0, 2, 0][..]));
/// let windows = text.windows(3, 1)?;
/// assert_eq!((windows.inputs(1), windows.targets(1)), (&[0, 2, 0][..], &[2, 0, 2][..]));
/// # Ok::<(), sgdyn::risk::DatasetError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    name: String,
    vocabulary: Vec<char>,
    characters: Vec<u32>,
}

impl Text {
    /// The names that [`Text::ready`] knows.
    pub const READY: [&'static str; 1] = ["shakespeare"];

    /// The characters of `text` and their vocabulary; `name` appears in errors.
    pub fn new(name: &str, text: &str) -> Self {
        let mut vocabulary: Vec<char> = text.chars().collect();
        vocabulary.sort_unstable();
        vocabulary.dedup();
        let index = |character| vocabulary.partition_point(|&other| other < character) as u32;
        let characters = text.chars().map(index).collect();
        Self { name: name.to_owned(), vocabulary, characters }
    }

    /// Reads a file of UTF-8 text, plain or compressed by gzip (told by its content).
    ///
    /// # Errors
    /// [`DatasetError::Unreadable`], [`DatasetError::Format`] for a damaged gzip stream, [`DatasetError::NotText`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self, DatasetError> {
        let path = path.as_ref();
        Self::from_bytes(&path.display().to_string(), &content(path)?)
    }

    /// Reads the content of a file as [`Text::read`] does; `file` is its name in errors.
    ///
    /// # Errors
    /// As [`Text::read`].
    pub fn from_bytes(file: &str, bytes: &[u8]) -> Result<Self, DatasetError> {
        let plain =
            inflated(bytes).map_err(|source| DatasetError::Format { file: file.to_owned(), source })?;
        Ok(Self::new(file, text(file, &plain)?))
    }

    /// A text of the library: `shakespeare`, 1,115,394 characters of Shakespeare's plays, 65 different ones (Karpathy's
    /// selection; public domain).
    ///
    /// # Errors
    /// [`DatasetError::UnknownName`].
    pub fn ready(name: &str) -> Result<Self, DatasetError> {
        if name == Self::READY[0] {
            return Self::from_bytes(name, SHAKESPEARE);
        }
        let hint = near_miss(name, Self::READY.into_iter());
        Err(DatasetError::UnknownName { name: name.to_owned(), hint })
    }

    /// The file or ready name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The different characters, in the order of their code points.
    pub fn vocabulary(&self) -> &[char] {
        &self.vocabulary
    }

    /// The text, `[characters]`, as indices into the vocabulary.
    pub fn characters(&self) -> &[u32] {
        &self.characters
    }

    /// `text` as indices into this vocabulary: another text for the same model.
    ///
    /// # Errors
    /// [`DatasetError::UnknownCharacter`] with its place.
    pub fn encode(&self, text: &str) -> Result<Vec<u32>, DatasetError> {
        let index = |(place, character): (usize, char)| {
            let unknown =
                |_| DatasetError::UnknownCharacter { file: self.name.clone(), character, place: place + 1 };
            self.vocabulary.binary_search(&character).map(|index| index as u32).map_err(unknown)
        };
        text.chars().enumerate().map(index).collect()
    }

    /// The text of `characters`, or `None` if one of them is no index into the vocabulary.
    pub fn decode(&self, characters: &[u32]) -> Option<String> {
        characters.iter().map(|&index| self.vocabulary.get(index as usize)).collect()
    }

    /// The first ⌊`share`·characters + ½⌋ characters for training and the rest for test, over the same vocabulary. The
    /// parts are contiguous, so that no window of one shares a character with the other.
    ///
    /// # Errors
    /// [`crate::risk::PreparationError::EmptyPart`] if a part has no character.
    pub fn split(&self, share: f64) -> Result<(Self, Self), DatasetError> {
        let train = training_count(&self.name, self.characters.len(), share)?;
        let part = |characters: &[u32]| Self { characters: characters.to_vec(), ..self.clone() };
        let (train, test) = self.characters.split_at(train);
        Ok((part(train), part(test)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shakespeare_is_what_is_in_circulation() {
        let text = Text::ready("shakespeare").unwrap();
        assert_eq!((text.characters().len(), text.vocabulary().len()), (1_115_394, 65));
        let begin = text.decode(&text.characters()[..14]).unwrap();
        assert_eq!(begin, "First Citizen:");
        assert_eq!(text.encode(&begin).unwrap(), text.characters()[..14]);
        let vocabulary: String = text.vocabulary().iter().collect();
        assert_eq!(vocabulary, "\n !$&',-.3:;?ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
        let error = Text::ready("shakespear").unwrap_err().to_string();
        assert_eq!(error, "no ready data set is named `shakespear`; did you mean `shakespeare`?");
    }

    #[test]
    fn characters_are_not_bytes() {
        let text = Text::new("t", "über");
        assert_eq!((text.characters(), text.vocabulary()), (&[3, 0, 1, 2][..], &['b', 'e', 'r', 'ü'][..]));
        assert_eq!(
            text.encode("rbü!").unwrap_err().to_string(),
            "character 4 of the text, '!', is not in the vocabulary of t"
        );
        assert_eq!(text.decode(&[4]), None);
        let error = Text::from_bytes("t", b"a\nb\xff").unwrap_err().to_string();
        assert!(error.starts_with("t, row 2: not UTF-8 text"), "{error}");
    }

    #[test]
    fn a_split_is_contiguous() {
        let (train, test) = Text::new("t", "abcde").split(0.6).unwrap();
        assert_eq!((train.characters(), test.characters()), (&[0, 1, 2][..], &[3, 4][..]));
        assert_eq!(train.vocabulary(), test.vocabulary());
        assert!(matches!(Text::new("t", "").split(0.5), Err(DatasetError::Preparation(_))));
    }
}
