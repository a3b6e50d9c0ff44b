//! Symmetric block Toeplitz systems, as least squares with delayed signals gives them, by the
//! multichannel Levinson recursion of Whittle (1963) and of Wiggins and Robinson (1965): `n` block
//! rows in O(n²) operations where a dense factorisation needs O(n³), and no library beside.

/// One entry of the matrix: what `M` signals have to do with each other at one lag.
pub(super) type Block<const M: usize> = [[f64; M]; M];

/// The smallest share of the largest diagonal entry that is added to the diagonal of a matrix which
/// is singular as it stands: signals that are copies of each other, or have nothing in some band.
const FIRST_RIDGE: f64 = 1e-16;

/// The inverse of the matrix with block `column[a - b]` at block row `a`, column `b <= a`, and the
/// transposed blocks above: the sum over `k` of `B_k E_k⁻¹ B_kᵀ`, with the predictors `B_k` of each
/// entry from those behind it and their errors `E_k`.
pub(super) struct Inverse<const M: usize> {
    column: Vec<Block<M>>,
    predictors: Vec<Vec<Block<M>>>,
    errors: Vec<Cholesky<M>>,
}

impl<const M: usize> Inverse<M> {
    /// From the first block column of a positive semidefinite matrix. `None` where its numbers are
    /// no such matrix's.
    pub(super) fn new(mut column: Vec<Block<M>>) -> Option<Self> {
        let first = column.first()?;
        let diagonal: [f64; M] = std::array::from_fn(|i| first[i][i]);
        let largest = diagonal.into_iter().fold(0.0, f64::max);
        // What museval adds; a singular matrix needs more.
        let mut ridge = f64::EPSILON;
        while ridge.is_finite() && ridge <= largest.max(1.0) {
            for (i, entry) in diagonal.iter().enumerate() {
                column[0][i][i] = entry + ridge;
            }
            if let Some((predictors, errors)) = recursion(&column) {
                return Some(Self {
                    column,
                    predictors,
                    errors,
                });
            }
            ridge = (ridge * 10.0).max(largest * FIRST_RIDGE);
        }
        None
    }

    /// Solves for one right-hand side of as many entries. One step of refinement makes up for what
    /// the recursion loses to rounding where the matrix is nearly singular.
    pub(super) fn solve(&self, wanted: &[[f64; M]]) -> Vec<[f64; M]> {
        let mut solution = self.apply(wanted);
        let missing = self.residual(wanted, &solution);
        for (x, correction) in solution.iter_mut().zip(self.apply(&missing)) {
            for (x, correction) in x.iter_mut().zip(correction) {
                *x += correction;
            }
        }
        solution
    }

    /// The inverse times a vector.
    fn apply(&self, vector: &[[f64; M]]) -> Vec<[f64; M]> {
        let mut product = vec![[0.0; M]; vector.len()];
        for (predictor, error) in self.predictors.iter().zip(&self.errors) {
            let mut weight = [0.0; M];
            for (block, value) in predictor.iter().zip(vector) {
                for (row, value) in block.iter().zip(value) {
                    for (weight, x) in weight.iter_mut().zip(row) {
                        *weight += x * value;
                    }
                }
            }
            let weight = error.solve(weight);
            for (block, out) in predictor.iter().zip(&mut product) {
                for (row, out) in block.iter().zip(out) {
                    *out += row.iter().zip(&weight).map(|(x, w)| x * w).sum::<f64>();
                }
            }
        }
        product
    }

    /// `wanted` minus the matrix times `solution`.
    fn residual(&self, wanted: &[[f64; M]], solution: &[[f64; M]]) -> Vec<[f64; M]> {
        let mut missing = wanted.to_vec();
        for (a, missing) in missing.iter_mut().enumerate() {
            for (b, x) in solution.iter().enumerate() {
                let block = &self.column[a.abs_diff(b)];
                for i in 0..M {
                    for (j, x) in x.iter().enumerate() {
                        let entry = if a >= b { block[i][j] } else { block[j][i] };
                        missing[i] -= entry * x;
                    }
                }
            }
        }
        missing
    }
}

type Factors<const M: usize> = (Vec<Vec<Block<M>>>, Vec<Cholesky<M>>);

/// The recursion over the order of prediction. `None` where an error is not positive definite: the
/// matrix is singular to working precision.
fn recursion<const M: usize>(column: &[Block<M>]) -> Option<Factors<M>> {
    let first = *column.first()?;
    let mut identity = [[0.0; M]; M];
    for (i, row) in identity.iter_mut().enumerate() {
        row[i] = 1.0;
    }
    let (mut forward, mut backward) = (vec![identity], vec![identity]);
    let (mut forward_error, mut backward_error) = (first, first);
    let mut predictors = vec![backward.clone()];
    let mut errors = vec![Cholesky::new(&backward_error)?];
    let mut forward_factor = Cholesky::new(&forward_error)?;
    for order in 1..column.len() {
        let mut gap = [[0.0; M]; M];
        for (block, predictor) in column[1..=order].iter().rev().zip(&forward) {
            add_product(&mut gap, block, predictor);
        }
        let gap_transposed = transposed(&gap);
        let to_forward = errors.last()?.solve_block(&gap);
        let to_backward = forward_factor.solve_block(&gap_transposed);
        // Both predictors grow by one entry: the forward one behind, the backward one in front.
        forward.push([[0.0; M]; M]);
        backward.insert(0, [[0.0; M]; M]);
        for (forward, backward) in forward.iter_mut().zip(&mut backward) {
            let before = *forward;
            subtract_product(forward, backward, &to_forward);
            subtract_product(backward, &before, &to_backward);
        }
        subtract_product(&mut forward_error, &gap_transposed, &to_forward);
        subtract_product(&mut backward_error, &gap, &to_backward);
        forward_factor = Cholesky::new(&forward_error)?;
        errors.push(Cholesky::new(&backward_error)?);
        predictors.push(backward.clone());
    }
    Some((predictors, errors))
}

/// `L` of `L Lᵀ`, for one block.
struct Cholesky<const M: usize>(Block<M>);

impl<const M: usize> Cholesky<M> {
    fn new(block: &Block<M>) -> Option<Self> {
        let mut lower = [[0.0; M]; M];
        for i in 0..M {
            for j in 0..=i {
                let known: f64 = (0..j).map(|k| lower[i][k] * lower[j][k]).sum();
                // The two halves differ by rounding only.
                let rest = 0.5 * (block[i][j] + block[j][i]) - known;
                if i != j {
                    lower[i][j] = rest / lower[j][j];
                } else if rest > 0.0 && rest.is_finite() {
                    lower[i][i] = rest.sqrt();
                } else {
                    return None;
                }
            }
        }
        Some(Self(lower))
    }

    fn solve(&self, mut x: [f64; M]) -> [f64; M] {
        let lower = &self.0;
        for i in 0..M {
            let known: f64 = (0..i).map(|k| lower[i][k] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        for i in (0..M).rev() {
            let known: f64 = (i + 1..M).map(|k| lower[k][i] * x[k]).sum();
            x[i] = (x[i] - known) / lower[i][i];
        }
        x
    }

    fn solve_block(&self, block: &Block<M>) -> Block<M> {
        let columns = transposed(block);
        transposed(&std::array::from_fn(|i| self.solve(columns[i])))
    }
}

fn transposed<const M: usize>(block: &Block<M>) -> Block<M> {
    std::array::from_fn(|i| std::array::from_fn(|j| block[j][i]))
}

fn add_product<const M: usize>(sum: &mut Block<M>, a: &Block<M>, b: &Block<M>) {
    for (sum, a) in sum.iter_mut().zip(a) {
        for (a, b) in a.iter().zip(b) {
            for (sum, b) in sum.iter_mut().zip(b) {
                *sum += a * b;
            }
        }
    }
}

fn subtract_product<const M: usize>(sum: &mut Block<M>, a: &Block<M>, b: &Block<M>) {
    for (sum, a) in sum.iter_mut().zip(a) {
        for (a, b) in a.iter().zip(b) {
            for (sum, b) in sum.iter_mut().zip(b) {
                *sum -= a * b;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Correlations of `M` signals of noise, so that the matrix is one of its kind.
    fn column<const M: usize>(lags: usize, seed: u64) -> Vec<Block<M>> {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut noise = || random.f64() - 0.5;
        let signals: [Vec<f64>; M] = std::array::from_fn(|_| (0..300).map(|_| noise()).collect());
        (0..lags)
            .map(|lag| {
                std::array::from_fn(|p| {
                    std::array::from_fn(|q| {
                        signals[p]
                            .iter()
                            .zip(&signals[q][lag..])
                            .map(|(x, y)| x * y)
                            .sum()
                    })
                })
            })
            .collect()
    }

    fn times<const M: usize>(column: &[Block<M>], x: &[[f64; M]]) -> Vec<[f64; M]> {
        (0..x.len())
            .map(|a| {
                std::array::from_fn(|i| {
                    (0..x.len())
                        .map(|b| {
                            (0..M)
                                .map(|j| {
                                    if a >= b {
                                        column[a - b][i][j] * x[b][j]
                                    } else {
                                        column[b - a][j][i] * x[b][j]
                                    }
                                })
                                .sum::<f64>()
                        })
                        .sum()
                })
            })
            .collect()
    }

    fn solves<const M: usize>() {
        for lags in [1, 2, 3, 17, 40] {
            let column = column::<M>(lags, lags as u64);
            let x: Vec<[f64; M]> = (0..lags)
                .map(|a| std::array::from_fn(|i| ((a * M + i) as f64).sin()))
                .collect();
            let solved = Inverse::new(column.clone()).unwrap().solve(&times(&column, &x));
            for (a, b) in x.as_flattened().iter().zip(solved.as_flattened()) {
                assert!((a - b).abs() < 1e-9, "{lags} lags of {M}: {a} {b}");
            }
        }
    }

    #[test]
    fn the_solution_is_the_vector_that_made_the_right_hand_side() {
        solves::<1>();
        solves::<2>();
        solves::<4>();
    }

    #[test]
    fn copies_of_one_signal_still_explain_it() {
        let one = column::<1>(20, 7);
        let twins: Vec<Block<2>> = one.iter().map(|block| [[block[0][0]; 2]; 2]).collect();
        let wanted: Vec<[f64; 2]> = (0..20).map(|a| [one[a][0][0]; 2]).collect();
        let x = Inverse::new(twins.clone()).unwrap().solve(&wanted);
        for (a, b) in times(&twins, &x).as_flattened().iter().zip(wanted.as_flattened()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }

    #[test]
    fn what_is_no_number_has_no_inverse() {
        assert!(Inverse::new(vec![[[f64::NAN]]]).is_none());
        assert!(Inverse::<2>::new(Vec::new()).is_none());
    }
}
