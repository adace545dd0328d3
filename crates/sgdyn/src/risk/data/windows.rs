//! Windows of a text with the characters that follow: what a model of characters is trained on.

use super::dataset::{Dataset, Labels};
use super::error::DatasetError;
use super::preparation_error::PreparationError;
use super::text::Text;

/// Windows of `length` characters, one every `stride` characters from the beginning of a text. Position t of a window
/// predicts the character after it, so that the targets are the window moved by one.
#[derive(Clone, Copy, Debug)]
pub struct Windows<'t> {
    text: &'t Text,
    length: usize,
    stride: usize,
    count: usize,
}

impl Text {
    /// All windows of `length` characters with one character after them, beginning at 0, `stride`, 2 `stride`, …
    ///
    /// # Errors
    /// [`PreparationError::Window`] if length or stride is 0, [`PreparationError::ShortText`] if not one window fits.
    pub fn windows(&self, length: usize, stride: usize) -> Result<Windows<'_>, DatasetError> {
        if length == 0 || stride == 0 {
            return Err(PreparationError::Window { file: self.name().to_owned(), length, stride }.into());
        }
        let characters = self.characters().len();
        if characters <= length {
            return Err(
                PreparationError::ShortText { file: self.name().to_owned(), characters, length }.into()
            );
        }
        Ok(Windows { text: self, length, stride, count: (characters - length - 1) / stride + 1 })
    }
}

impl<'t> Windows<'t> {
    /// How many windows there are.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The first `count` windows.
    ///
    /// # Errors
    /// [`PreparationError::SubsetSize`] for none or more than there are.
    pub fn first(self, count: usize) -> Result<Self, DatasetError> {
        if !(1..=self.count).contains(&count) {
            let (file, samples) = (self.text.name().to_owned(), self.count);
            return Err(PreparationError::SubsetSize { file, wanted: count, samples }.into());
        }
        Ok(Self { count, ..self })
    }

    /// The characters of a window, `[length]`, as indices into the vocabulary.
    ///
    /// # Panics
    /// If there is no such window.
    pub fn inputs(&self, window: usize) -> &'t [u32] {
        let begin = self.begin(window);
        &self.text.characters()[begin..begin + self.length]
    }

    /// The character after each character of a window, `[length]`.
    ///
    /// # Panics
    /// If there is no such window.
    pub fn targets(&self, window: usize) -> &'t [u32] {
        let begin = self.begin(window) + 1;
        &self.text.characters()[begin..begin + self.length]
    }

    fn begin(&self, window: usize) -> usize {
        assert!(window < self.count, "window {window} of {}", self.count);
        window * self.stride
    }

    /// Every window as a sample of shape `[length]`, its features indices into the vocabulary, labelled by the character
    /// that follows the window. The classes are the vocabulary, whichever of it occurs as a label.
    ///
    /// # Errors
    /// [`DatasetError::OneClass`] if the text has a single character, over and over.
    pub fn to_dataset(&self) -> Result<Dataset, DatasetError> {
        let mut values = Vec::with_capacity(self.count * self.length);
        let mut of_sample = Vec::with_capacity(self.count);
        for window in 0..self.count {
            values.extend(self.inputs(window).iter().map(|&character| f64::from(character)));
            of_sample.push(self.targets(window)[self.length - 1]);
        }
        let names = (1..=self.length).map(|place| format!("character {place}")).collect();
        let classes = self.text.vocabulary().iter().map(char::to_string).collect();
        Dataset::new(self.text.name(), values, names, Labels::Classes { of_sample, names: classes })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_cover_the_text_and_leave_a_character_to_predict() {
        let text = Text::new("t", "abcdefg");
        let windows = text.windows(3, 2).unwrap();
        let seen: Vec<_> =
            (0..windows.count()).map(|window| (windows.inputs(window), windows.targets(window))).collect();
        assert_eq!(seen, [(&[0, 1, 2][..], &[1, 2, 3][..]), (&[2, 3, 4], &[3, 4, 5])]);
        // The last character is only ever predicted.
        let all = text.windows(3, 1).unwrap();
        assert_eq!((all.count(), all.targets(3)), (4, &[4, 5, 6][..]));
        assert_eq!(text.windows(6, 9).unwrap().count(), 1);
        assert_eq!(all.first(2).unwrap().to_dataset().unwrap().values(), [0., 1., 2., 1., 2., 3.]);
        let error = all.first(5).unwrap_err().to_string();
        assert_eq!(error, "t: 5 of 4 samples were asked for; ask for 1 to 4");
    }

    #[test]
    fn a_data_set_predicts_the_character_after_the_window() {
        let text = Text::new("t", "abcabd");
        let data = text.windows(2, 2).unwrap().to_dataset().unwrap();
        assert_eq!((data.values(), data.shape()), (&[0., 1., 2., 0.][..], &[2][..]));
        let names = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
        assert_eq!(data.labels(), &Labels::Classes { of_sample: vec![2, 1], names });
    }

    #[test]
    fn a_text_without_a_window_is_refused() {
        let text = Text::new("t", "abc");
        let error = |length, stride| text.windows(length, stride).unwrap_err().to_string();
        assert_eq!(error(3, 1), "t: 3 characters hold no window of 3 and the character that follows it");
        assert_eq!(error(0, 1), "t: windows need a length and a stride of at least 1 character, not 0 and 1");
        assert!(matches!(
            text.windows(1, 0),
            Err(DatasetError::Preparation(PreparationError::Window { .. }))
        ));
        let same = Text::new("t", "aaa");
        assert!(matches!(same.windows(1, 1).unwrap().to_dataset(), Err(DatasetError::OneClass { .. })));
    }
}
