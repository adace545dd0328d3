//! Names of layers: those of PyTorch's modules.

use super::layer::Layer;

/// `a.b`, or one of them if the other is empty.
pub(super) fn path(before: &str, name: &str) -> String {
    let dot = if before.is_empty() || name.is_empty() { "" } else { "." };
    format!("{before}{dot}{name}")
}

/// A layer in errors.
pub(super) fn title(path: &str, layer: &Layer) -> String {
    if path.is_empty() { layer.kind().to_owned() } else { format!("layer {path} ({})", layer.kind()) }
}
