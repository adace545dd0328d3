//! What layers ask of the layer before them, and of their own sizes.

use super::error::LayerError;
use super::shape::Form;

/// What a layer reads.
#[derive(Clone, Copy)]
pub(super) struct Needs<'n> {
    pub(super) forms: &'n [Form],
    pub(super) takes: &'static str,
    pub(super) remedy: &'static str,
    pub(super) channels: Option<usize>,
}

pub(super) const VECTORS: Needs<'static> = Needs {
    forms: &[Form::Features, Form::Sequence],
    takes: "vectors",
    remedy: "put flatten between them, or an embedding behind tokens",
    channels: None,
};

pub(super) const IMAGES: Needs<'static> = Needs {
    forms: &[Form::Image],
    takes: "images",
    remedy: "the input must be an image, and no flatten before",
    channels: None,
};

pub(super) const CHANNELS: Needs<'static> = Needs {
    forms: &[Form::Features, Form::Image],
    takes: "images or vectors",
    remedy: "of sequences, layer_norm normalises each place",
    channels: None,
};

pub(super) const VALUES: Needs<'static> = Needs {
    forms: &[Form::Features, Form::Image, Form::Sequence],
    takes: "numbers",
    remedy: "an embedding turns tokens into vectors",
    channels: None,
};

pub(super) const TOKENS: Needs<'static> = Needs {
    forms: &[Form::Tokens],
    takes: "tokens",
    remedy: "an embedding is the first layer behind an input of tokens",
    channels: None,
};

/// Beyond these, products of sizes could overflow; no memory holds such layers anyway.
const LARGEST_WIDTH: usize = 1 << 20;
pub(super) const LARGEST_KERNEL: usize = 1 << 10;

pub(super) fn within(
    layer: &str,
    sizes: &[(&'static str, usize)],
    smallest: usize,
    largest: usize,
) -> Result<(), LayerError> {
    match sizes.iter().find(|(_, size)| !(smallest..=largest).contains(size)) {
        Some(&(what, size)) => {
            Err(LayerError::Size { layer: layer.to_owned(), what, size, smallest, largest })
        }
        None => Ok(()),
    }
}

pub(super) fn positive(layer: &str, sizes: &[(&'static str, usize)]) -> Result<(), LayerError> {
    within(layer, sizes, 1, LARGEST_WIDTH)
}
