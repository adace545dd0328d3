//! From descriptions of layers to a tape: shapes, places of parameters and their names.

use std::collections::BTreeSet;

use super::elementwise::Elementwise;
use super::embedding::Table;
use super::error::LayerError;
use super::flatten::Flatten;
use super::frozen::FrozenNorm;
use super::layer::{BatchStatistics, Input, Layer};
use super::names;
use super::normalisation::Normalisation;
use super::operation::Operation;
use super::pooling::{Pool, Pooling};
use super::requirement::{
    CHANNELS, IMAGES, LARGEST_KERNEL, Needs, TOKENS, VALUES, VECTORS, positive, within,
};
use super::schedule::Schedule;
use super::shape::{Form, Shape};
use super::tape::{Node, Slot, Step, Tape};
use super::weighted::Weighted;
use super::window::Window;
use crate::risk::network::ParameterTensor;

/// A tape in the making.
struct Builder {
    slots: Vec<Slot>,
    steps: Vec<Step>,
    tensors: Vec<ParameterTensor>,
    statistics: Vec<ParameterTensor>,
    parameters: usize,
    padded: usize,
    summed: usize,
    scratch: usize,
}

impl Tape {
    /// The layers one after another.
    pub(super) fn new(input: Input, layers: &[Layer]) -> Result<Self, LayerError> {
        let input = Slot { shape: input.shape(), begin: 0, moving: false, layer: "the input".to_owned() };
        let mut builder = Builder {
            slots: vec![input],
            steps: Vec::new(),
            tensors: Vec::new(),
            statistics: Vec::new(),
            parameters: 0,
            padded: 0,
            summed: 0,
            scratch: 0,
        };
        builder.sequence(layers, "", "", 0)?;
        let Builder { slots, steps, tensors, statistics, parameters, padded, summed, scratch } = builder;
        let mut names = BTreeSet::new();
        if let Some(twice) = tensors.iter().chain(&statistics).find(|tensor| !names.insert(&tensor.name)) {
            return Err(LayerError::Name { name: twice.name.clone() });
        }
        if parameters == 0 {
            return Err(LayerError::NoParameters);
        }
        let schedule = Schedule::new(&slots, &steps);
        Ok(Self { slots, steps, schedule, tensors, statistics, parameters, padded, summed, scratch })
    }
}

impl Builder {
    /// Adds layers from a slot on and returns the last one's slot. Numbers of layers without a name go behind
    /// `numbered`.
    fn sequence(
        &mut self,
        layers: &[Layer],
        before: &str,
        numbered: &str,
        from: usize,
    ) -> Result<usize, LayerError> {
        let mut slot = from;
        for (index, layer) in layers.iter().enumerate() {
            slot = match layer {
                Layer::Named { name, layer } => self.layer(layer, &names::path(before, name), slot)?,
                layer => self.layer(layer, &names::path(numbered, &index.to_string()), slot)?,
            };
        }
        Ok(slot)
    }

    fn layer(&mut self, layer: &Layer, path: &str, from: usize) -> Result<usize, LayerError> {
        let title = names::title(path, layer);
        let input = self.slots[from].shape;
        match layer {
            Layer::Named { name, layer } => self.layer(layer, &names::path(path, name), from),
            Layer::Sequence { layers } => self.sequence(layers, path, path, from),
            Layer::Residual { body, shortcut } => self.residual(body, shortcut, path, &title, from),
            &Layer::Dense { inputs, outputs, bias } => {
                positive(&title, &[("inputs", inputs), ("outputs", outputs)])?;
                self.check(from, &title, Needs { channels: Some(inputs), ..VECTORS })?;
                let shape = Shape { channels: outputs, ..input };
                let operation = Operation::Weighted(Weighted::dense(input, shape, bias));
                self.weighted(operation, path, &[outputs, inputs], bias, title, from, shape)
            }
            &Layer::Convolution2d { inputs, outputs, kernel, stride, padding, bias } => {
                positive(&title, &[("inputs", inputs), ("outputs", outputs)])?;
                self.check(from, &title, Needs { channels: Some(inputs), ..IMAGES })?;
                let window = self.window(&title, from, kernel, stride, padding, outputs)?;
                let operation = Operation::Weighted(Weighted::convolution(window, bias));
                let shape = [outputs, inputs, kernel, kernel];
                self.weighted(operation, path, &shape, bias, title, from, window.output)
            }
            &Layer::MaxPool { kernel, stride, padding } | &Layer::AveragePool { kernel, stride, padding } => {
                self.check(from, &title, IMAGES)?;
                if 2 * padding > kernel {
                    return Err(LayerError::Padding { layer: title, kernel, padding });
                }
                let window = self.window(&title, from, kernel, stride, padding, input.channels)?;
                let largest = matches!(layer, Layer::MaxPool { .. });
                let pool = if largest { Pool::Largest } else { Pool::Mean };
                let operation = Operation::Pooling(Pooling { window, pool });
                self.add(operation, title, from, window.output)
            }
            Layer::GlobalAveragePool {} => {
                self.check(from, &title, IMAGES)?;
                let Shape { height, width, channels, .. } = input;
                let output = Shape::image(channels, 1, 1);
                let window = Window { height, width, step: 1, padding: 0, input, output };
                self.add(Operation::Pooling(Pooling { window, pool: Pool::Mean }), title, from, output)
            }
            Layer::Flatten {} => {
                self.check(
                    from,
                    &title,
                    Needs { forms: &[Form::Features, Form::Image, Form::Sequence], ..VECTORS },
                )?;
                let output = Shape::features(input.values());
                self.add(Operation::Flatten(Flatten { input, output }), title, from, output)
            }
            &Layer::Activation { function } => {
                self.check(from, &title, VALUES)?;
                let operation = Operation::Elementwise(Elementwise { function, shape: input });
                self.add(operation, title, from, input)
            }
            &Layer::LayerNorm { channels } => {
                positive(&title, &[("channels", channels)])?;
                let remedy = "of images, take group_norm, with one group for all channels";
                self.check(from, &title, Needs { channels: Some(channels), remedy, ..VECTORS })?;
                self.norm(Normalisation { shape: input, groups: 1, by_place: true }, path, title, from)
            }
            &Layer::GroupNorm { groups, channels } => {
                positive(&title, &[("channels", channels), ("groups", groups)])?;
                if channels % groups != 0 {
                    return Err(LayerError::Groups { layer: title, channels, groups });
                }
                self.check(from, &title, Needs { channels: Some(channels), ..CHANNELS })?;
                self.norm(Normalisation { shape: input, groups, by_place: false }, path, title, from)
            }
            &Layer::BatchNorm { channels, statistics } => {
                if statistics == BatchStatistics::Batch {
                    return Err(LayerError::BatchStatistics { layer: title });
                }
                positive(&title, &[("channels", channels)])?;
                self.check(from, &title, Needs { channels: Some(channels), ..CHANNELS })?;
                self.tensor(path, "weight", vec![channels]);
                self.tensor(path, "bias", vec![channels]);
                for what in ["running_mean", "running_var"] {
                    let begin = self.statistics.last().map_or(0, |tensor| tensor.range.end);
                    let (name, range) = (names::path(path, what), begin..begin + channels);
                    self.statistics.push(ParameterTensor { name, shape: vec![channels], range });
                }
                self.add(Operation::FrozenNorm(FrozenNorm { shape: input }), title, from, input)
            }
            &Layer::Embedding { tokens, channels } => {
                positive(&title, &[("tokens", tokens), ("channels", channels)])?;
                self.check(from, &title, TOKENS)?;
                let output = Shape::sequence(input.width, channels);
                self.tensor(path, "weight", vec![tokens, channels]);
                self.add(Operation::Table(Table { tokens, input, output }), title, from, output)
            }
        }
    }

    fn residual(
        &mut self,
        body: &[Layer],
        shortcut: &[Layer],
        path: &str,
        title: &str,
        from: usize,
    ) -> Result<usize, LayerError> {
        let one = self.sequence(body, path, &names::path(path, "body"), from)?;
        let other = self.sequence(shortcut, path, &names::path(path, "shortcut"), from)?;
        let shape = self.slots[one].shape;
        if shape != self.slots[other].shape {
            let [body, shortcut] = [one, other].map(|slot| self.slots[slot].shape.describe());
            return Err(LayerError::Residual { layer: title.to_owned(), body, shortcut });
        }
        let moving = self.slots[one].moving || self.slots[other].moving;
        let to = self.slot(shape, moving, title.to_owned());
        self.steps.push(Step::Join { one, other, to });
        Ok(to)
    }

    fn weighted(
        &mut self,
        operation: Operation,
        path: &str,
        weight: &[usize],
        bias: bool,
        title: String,
        from: usize,
        output: Shape,
    ) -> Result<usize, LayerError> {
        self.tensor(path, "weight", weight.to_vec());
        if bias {
            self.tensor(path, "bias", vec![output.channels]);
        }
        self.add(operation, title, from, output)
    }

    fn norm(
        &mut self,
        norm: Normalisation,
        path: &str,
        title: String,
        from: usize,
    ) -> Result<usize, LayerError> {
        let shape = norm.shape;
        self.tensor(path, "weight", vec![shape.channels]);
        self.tensor(path, "bias", vec![shape.channels]);
        self.add(Operation::Normalisation(norm), title, from, shape)
    }

    /// The next tensor of θ.
    fn tensor(&mut self, path: &str, what: &str, shape: Vec<usize>) {
        let begin = self.tensors.last().map_or(0, |tensor| tensor.range.end);
        let range = begin..begin + shape.iter().product::<usize>();
        self.tensors.push(ParameterTensor { name: names::path(path, what), shape, range });
    }

    fn slot(&mut self, shape: Shape, moving: bool, layer: String) -> usize {
        let begin = self.slots.last().map_or(0, |slot| slot.begin + slot.shape.length());
        self.slots.push(Slot { shape, begin, moving, layer });
        self.slots.len() - 1
    }

    fn add(
        &mut self,
        operation: Operation,
        title: String,
        from: usize,
        output: Shape,
    ) -> Result<usize, LayerError> {
        let lengths = operation.lengths();
        let parameters = self.parameters + lengths.parameters;
        if u32::try_from(parameters).is_err() {
            return Err(LayerError::TooLarge { layer: title, parameters });
        }
        let values = self.slots.last().map_or(0, |slot| slot.begin + slot.shape.length()) + output.length();
        if u32::try_from(values).is_err() {
            return Err(LayerError::TooManyValues { layer: title, values });
        }
        let moving = self.slots[from].moving || lengths.parameters > 0;
        let to = self.slot(output, moving, title);
        let after = |begin: &mut usize, length: usize| {
            *begin += length;
            *begin - length..*begin
        };
        let parameters = after(&mut self.parameters, lengths.parameters);
        let padded = after(&mut self.padded, lengths.padded);
        let summed = after(&mut self.summed, lengths.summed);
        self.scratch = self.scratch.max(lengths.scratch);
        let end = self.statistics.last().map_or(0, |tensor| tensor.range.end);
        let own = if matches!(operation, Operation::FrozenNorm(_)) { 2 * output.channels } else { 0 };
        let statistics = end - own..end;
        self.steps.push(Step::Node(Node { operation, from, to, parameters, padded, summed, statistics }));
        Ok(to)
    }

    fn window(
        &self,
        title: &str,
        from: usize,
        kernel: usize,
        step: usize,
        padding: usize,
        outputs: usize,
    ) -> Result<Window, LayerError> {
        within(title, &[("kernel", kernel), ("stride", step)], 1, LARGEST_KERNEL)?;
        within(title, &[("padding", padding)], 0, LARGEST_KERNEL)?;
        let input = self.slots[from].shape;
        let Shape { height, width, .. } = input;
        if height.min(width) + 2 * padding < kernel {
            return Err(LayerError::Kernel { layer: title.to_owned(), kernel, padding, height, width });
        }
        let side = |length: usize| (length + 2 * padding - kernel) / step + 1;
        let output = Shape::image(outputs, side(height), side(width));
        Ok(Window { height: kernel, width: kernel, step, padding, input, output })
    }

    fn check(&self, from: usize, title: &str, needs: Needs<'_>) -> Result<(), LayerError> {
        let Slot { shape, layer: before, .. } = &self.slots[from];
        let (layer, before, gives) = (title.to_owned(), before.clone(), shape.describe());
        if !needs.forms.contains(&shape.form) {
            return Err(LayerError::Form { layer, takes: needs.takes, before, gives, remedy: needs.remedy });
        }
        match needs.channels {
            Some(takes) if takes != shape.channels => Err(LayerError::Widths { layer, takes, before, gives }),
            _ => Ok(()),
        }
    }
}
