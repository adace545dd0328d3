//! Extreme eigenpairs by the Lanczos method, with residuals that are computed, not estimated.

use faer::{Mat, Side};

use super::basis::{Basis, dot};
use super::error::{KrylovError, Unconverged};
use super::operator::SymmetricOperator;
use super::probes::fill_signs;
use crate::lanes::{Real, add_scaled};

/// Which end of a spectrum.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Which {
    /// The largest eigenvalues, the largest first.
    Largest,
    /// The smallest eigenvalues, the smallest first.
    Smallest,
    /// The largest in magnitude, the largest first.
    LargestMagnitude,
}

/// The Lanczos method for some extreme eigenpairs of a symmetric operator.
///
/// The basis V of a (block) Krylov space grows by A times its newest vectors, is kept orthonormal to rounding by full
/// reorthogonalisation, and gives the Ritz pairs of VᵀAV. When it is full, it is restarted with the best Ritz vectors:
/// Wu and Simon (SIAM J. Matrix Anal. Appl. 2000), in blocks: Zhou and Saad (Numer. Algorithms 2008). An eigenvalue that
/// is repeated more often than the block is wide is found only as rounding brings in its other vectors.
///
/// The residuals |Av − λv| that are returned come from products with the returned vectors. For a symmetric A, each
/// interval [λ − residual, λ + residual] holds an eigenvalue. That none was missed is not certain, as in any Krylov
/// method: of eigenvalues that differ by less than the tolerance allows, the last asked for may be the next one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Lanczos {
    /// Which end.
    pub which: Which,
    /// How many eigenpairs; at most n.
    pub count: usize,
    /// The largest |Av − λv|/|λ| to be accepted. Where |λ| is below 1e-3 of the largest, relative to that.
    pub tolerance: f64,
    /// Vectors that are multiplied at a time: more than 1 where that is cheaper, or for repeated eigenvalues.
    pub block: usize,
    /// The vectors that the basis may hold before it is restarted; at least `count` + 2 `block`.
    pub largest_basis: usize,
    /// Products after which it gives up.
    pub largest_products: usize,
}

/// Eigenvalues, eigenvectors and their residuals.
#[derive(Clone, Debug, PartialEq)]
pub struct Eigenpairs<R> {
    /// λ, `[count]`, in the order asked for.
    pub values: Vec<f64>,
    /// v, `[count × n]`, of norm 1.
    pub vectors: Vec<R>,
    /// |Av − λv|, `[count]`, computed from Av.
    pub residuals: Vec<f64>,
    /// Products with the operator, those for the residuals included.
    pub products: usize,
}

/// Eigenvalues below this part of the largest are held to its tolerance.
const SMALL: f64 = 1e-3;

impl Lanczos {
    /// The `count` largest eigenpairs, to a relative residual of 1e-6, one vector at a time, with a basis of up to
    /// 2·`count` + 24 vectors: on Hessians of networks larger ones save few products and cost memory.
    pub fn largest(count: usize) -> Self {
        Self {
            which: Which::Largest,
            count,
            tolerance: 1e-6,
            block: 1,
            largest_basis: 2 * count + 24,
            largest_products: 10_000,
        }
    }

    /// Runs until the tolerance is reached.
    ///
    /// # Errors
    /// [`KrylovError::OutOfRange`] for settings that do not fit the operator; [`KrylovError::NotFinite`];
    /// [`KrylovError::EigenpairsNotConverged`] if any of the pairs misses the tolerance.
    pub fn run<R: Real>(
        &self,
        mut operator: impl SymmetricOperator<R>,
    ) -> Result<Eigenpairs<R>, KrylovError> {
        let dimension = operator.dimension();
        self.check(dimension)?;
        let mut run = Run::new(self, dimension);
        let mut ritz = loop {
            run.expand(&mut operator)?;
            let complete = run.fresh() == 0;
            let stop = complete || run.products >= self.largest_products;
            let full = run.projected + run.fresh() + self.block > self.largest_basis;
            if !stop && !full && run.projected < run.next_check {
                continue;
            }
            let ritz = run.rayleigh_ritz()?;
            let worst = self.worst(&ritz.values, &ritz.residuals);
            if stop || worst <= self.tolerance {
                break ritz;
            }
            let wait = run.products_to_wait(worst);
            if full {
                run.restart(&ritz);
            }
            run.next_check = run.projected + wait;
        };
        ritz.values.truncate(self.count);
        run.finish(&mut operator, &ritz)
    }

    fn check(&self, dimension: usize) -> Result<(), KrylovError> {
        let wrong = |name, value, allowed| Err(KrylovError::OutOfRange { name, value, allowed });
        if self.count == 0 || self.count > dimension {
            let allowed = format!("from 1 to the dimension of the operator, {dimension}");
            return wrong("count", self.count as f64, allowed);
        }
        if self.tolerance.is_nan() || self.tolerance <= 0.0 {
            return wrong("tolerance", self.tolerance, "a positive number".to_owned());
        }
        if self.block == 0 || self.block > dimension {
            let allowed = format!("from 1 to the dimension of the operator, {dimension}");
            return wrong("block", self.block as f64, allowed);
        }
        let needed = (self.count + 2 * self.block).min(dimension);
        if self.largest_basis < needed {
            let allowed = format!("at least count + 2 block, here {needed}");
            return wrong("largest_basis", self.largest_basis as f64, allowed);
        }
        Ok(())
    }

    /// What a residual is compared with.
    fn scales(values: &[f64]) -> Vec<f64> {
        let largest = values.iter().fold(0.0_f64, |largest, value| largest.max(value.abs()));
        values.iter().map(|value| value.abs().max(SMALL * largest).max(f64::MIN_POSITIVE)).collect()
    }

    /// The largest relative residual of the pairs asked for; infinite if they are too few.
    fn worst(&self, values: &[f64], residuals: &[f64]) -> f64 {
        if residuals.len() < self.count {
            return f64::INFINITY;
        }
        let relative = residuals.iter().zip(Self::scales(values)).map(|(residual, scale)| residual / scale);
        relative.take(self.count).fold(0.0, f64::max)
    }
}

/// Ritz pairs in the order asked for, by their coefficients.
struct Ritz {
    values: Vec<f64>,
    /// By the recurrence.
    residuals: Vec<f64>,
    /// `[size × size]`, column by column in the order of the values.
    coefficients: Mat<f64>,
}

/// A run in progress. AV = VH + WC, where V are the basis vectors whose products are known, H = VᵀAV, and W those that
/// follow; C has columns for the newest of V only.
struct Run<'l, R> {
    settings: &'l Lanczos,
    /// V and W.
    basis: Basis<R>,
    /// The number of vectors in V.
    projected: usize,
    /// H, by rows, `[projected][projected]`.
    matrix: Vec<Vec<f64>>,
    /// C: for each vector of W, its components in A times the newest vectors of V.
    coupling: Vec<Vec<f64>>,
    products: usize,
    /// The size of V at which convergence is looked at next.
    next_check: usize,
    /// The products and the largest relative residual at the last look.
    last_look: (usize, f64),
    /// The number of random vectors that were drawn.
    drawn: u64,
    product: Vec<R>,
}

impl<'l, R: Real> Run<'l, R> {
    fn new(settings: &'l Lanczos, dimension: usize) -> Self {
        let mut run = Self {
            settings,
            basis: Basis::new(dimension),
            projected: 0,
            matrix: Vec::new(),
            coupling: Vec::new(),
            products: 0,
            next_check: (2 * settings.count).max(settings.count + 10),
            last_look: (0, f64::INFINITY),
            drawn: 0,
            product: Vec::new(),
        };
        for _ in 0..settings.block {
            run.draw();
        }
        run
    }

    /// The number of vectors in W.
    fn fresh(&self) -> usize {
        self.basis.len() - self.projected
    }

    /// Appends a random vector orthogonal to the basis, unless that is complete.
    fn draw(&mut self) {
        let mut vector = vec![R::ZERO; self.basis.dimension];
        // A vector can lie in the span of the basis by bad luck only in small dimensions; then another is drawn.
        for _ in 0..8 {
            if self.basis.len() == self.basis.dimension {
                return;
            }
            fill_signs(self.drawn, &mut vector);
            self.drawn += 1;
            let left = self.basis.remove(&mut vector, &mut []);
            if left.after > 1e-3 * left.before {
                self.basis.push_scaled(&vector, left.after.recip());
                return;
            }
        }
    }

    /// Multiplies W, which becomes part of V, and orthonormalises the products, which become W.
    fn expand(&mut self, operator: &mut impl SymmetricOperator<R>) -> Result<(), KrylovError> {
        let (dimension, begin) = (self.basis.dimension, self.projected);
        let count = self.fresh();
        let mut products = std::mem::take(&mut self.product);
        products.resize(count * dimension, R::ZERO);
        operator.multiply(&self.basis.vectors[begin * dimension..], &mut products);
        self.products += count;
        self.projected = self.basis.len();
        let size = self.projected;
        for row in &mut self.matrix {
            row.resize(size, 0.0);
        }
        self.matrix.resize_with(size, || vec![0.0; size]);
        self.coupling.clear();
        let mut largest = 0.0_f64;
        for (column, product) in products.chunks_exact_mut(dimension).enumerate() {
            let mut components = vec![0.0; self.basis.len()];
            let left = self.basis.remove(product, &mut components);
            if !left.before.is_finite() {
                return Err(KrylovError::NotFinite {
                    product: self.products - count + column + 1,
                    format: R::NAME,
                });
            }
            largest = largest.max(left.before);
            for (row, &component) in components[..size].iter().enumerate() {
                // Of two measurements of an element inside the block, the mean.
                let inside = row >= begin && row < begin + column;
                let value =
                    if inside { 0.5 * (self.matrix[row][begin + column] + component) } else { component };
                self.matrix[row][begin + column] = value;
                self.matrix[begin + column][row] = value;
            }
            for (coupling, &component) in self.coupling.iter_mut().zip(&components[size..]) {
                coupling[column] = component;
            }
            // Less than rounding leaves: the space is invariant along this vector.
            if left.after > 8.0 * epsilon::<R>() * left.before && self.basis.len() < dimension {
                self.basis.push_scaled(product, left.after.recip());
                let mut coupling = vec![0.0; count];
                coupling[column] = left.after;
                self.coupling.push(coupling);
            }
        }
        self.product = products;
        if self.fresh() == 0 {
            // The Krylov space is invariant: what it does not see is sought from a new vector, if there is any.
            self.draw();
            self.coupling.resize(self.fresh(), vec![0.0; count]);
        }
        Ok(())
    }

    /// How many products to wait for the next look, which costs an eigendecomposition: until the residual would have fallen
    /// to the tolerance at the rate since the last look, within an eighth and a thirty-second of the basis.
    fn products_to_wait(&mut self, worst: f64) -> usize {
        let (products, before) = std::mem::replace(&mut self.last_look, (self.products, worst));
        let rate = (before / worst).ln() / (self.products - products) as f64;
        let needed = (worst / self.settings.tolerance).ln() / rate;
        let most = self.projected / 8;
        let wait =
            if rate.is_finite() && needed > 0.0 { needed.min(most as f64).ceil() as usize } else { most };
        wait.max(self.projected / 32).max(self.settings.block)
    }

    fn rayleigh_ritz(&self) -> Result<Ritz, KrylovError> {
        let size = self.projected;
        let matrix = Mat::from_fn(size, size, |i, j| self.matrix[i][j]);
        let eigen =
            matrix.self_adjoint_eigen(Side::Lower).map_err(|_| KrylovError::Dense { dimension: size })?;
        let value = |index: usize| eigen.S()[index];
        let mut order: Vec<usize> = (0..size).collect();
        match self.settings.which {
            Which::Largest => order.reverse(),
            Which::Smallest => {}
            Which::LargestMagnitude => {
                order.sort_by(|&one, &other| value(other).abs().total_cmp(&value(one).abs()));
            }
        }
        let coefficients = Mat::from_fn(size, size, |row, column| eigen.U()[(row, order[column])]);
        let residuals = (0..size).map(|column| {
            let newest = |coupling: &Vec<f64>| {
                let begin = size - coupling.len();
                coupling.iter().enumerate().map(|(i, c)| c * coefficients[(begin + i, column)]).sum::<f64>()
            };
            self.coupling.iter().map(|coupling| newest(coupling).powi(2)).sum::<f64>().sqrt()
        });
        let residuals = residuals.collect();
        Ok(Ritz { values: order.into_iter().map(value).collect(), residuals, coefficients })
    }

    /// Keeps the Ritz vectors asked for and half of the others, and W.
    fn restart(&mut self, ritz: &Ritz) {
        let size = self.projected;
        let count = self.settings.count.min(size);
        let most = self.settings.largest_basis.saturating_sub(self.fresh() + self.settings.block);
        let kept = (count + (size - count) / 2).min(most).max(count).min(size);
        self.combine(ritz, kept);
        self.projected = kept;
        self.matrix = (0..kept)
            .map(|row| (0..kept).map(|column| if row == column { ritz.values[row] } else { 0.0 }).collect())
            .collect();
    }

    fn combine(&mut self, ritz: &Ritz, kept: usize) {
        let size = self.projected;
        let coefficients: Vec<f64> =
            (0..size).flat_map(|row| (0..kept).map(move |column| ritz.coefficients[(row, column)])).collect();
        self.basis.combine(size, kept, &coefficients);
    }

    /// The eigenpairs, with the residuals of products.
    fn finish(
        mut self,
        operator: &mut impl SymmetricOperator<R>,
        ritz: &Ritz,
    ) -> Result<Eigenpairs<R>, KrylovError> {
        let (dimension, asked) = (self.basis.dimension, self.settings.count);
        let count = ritz.values.len();
        self.combine(ritz, count);
        let mut vectors = self.basis.vectors;
        vectors.truncate(count * dimension);
        let mut products = self.product;
        products.resize(vectors.len(), R::ZERO);
        operator.multiply(&vectors, &mut products);
        self.products += count;
        let mut values = Vec::with_capacity(count);
        let mut residuals = Vec::with_capacity(count);
        let pairs = vectors.chunks_exact(dimension).zip(products.chunks_exact_mut(dimension));
        for (vector, product) in pairs {
            // The Rayleigh quotient of the vector as it is, rounding included.
            let value = dot(vector, product) / dot(vector, vector);
            add_scaled(R::from_f64(-value), vector, product);
            values.push(value);
            residuals.push((dot(product, product) / dot(vector, vector)).sqrt());
        }
        let tolerance = self.settings.tolerance;
        let scales = Lanczos::scales(&values);
        let relative = || residuals.iter().zip(&scales).map(|(residual, scale)| residual / scale);
        let converged = relative().filter(|&relative| relative <= tolerance).count();
        if converged < asked {
            let worst = relative().fold(if count < asked { f64::INFINITY } else { 0.0 }, f64::max);
            let products = self.products;
            return Err(Unconverged { converged, asked, tolerance, products, worst }.into());
        }
        Ok(Eigenpairs { values, vectors, residuals, products: self.products })
    }
}

/// The distance from 1 to the next number.
fn epsilon<R: Real>() -> f64 {
    if size_of::<R>() == 4 { f64::from(f32::EPSILON) } else { f64::EPSILON }
}

#[cfg(test)]
mod tests;
