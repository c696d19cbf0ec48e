//! Features wherever they lie: in memory, in a mapped file, or some rows of either.

use rayon::prelude::*;
use thiserror::Error;

use super::matrix::Matrix;

/// Features of many pictures, one row each, all of one length.
pub trait Rows: Sync {
    /// Pictures.
    fn len(&self) -> usize;
    /// Length of a feature.
    fn dim(&self) -> usize;
    /// The feature of picture `i`.
    fn row(&self, i: usize) -> &[f32];
    /// Whether there is no picture.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Rows for Matrix {
    fn len(&self) -> usize {
        self.rows
    }
    fn dim(&self) -> usize {
        self.cols
    }
    fn row(&self, i: usize) -> &[f32] {
        Matrix::row(self, i)
    }
}

/// Some rows of others, in a given order, without a copy: one fold, or one part of a split.
pub struct Subset<'a> {
    rows: &'a dyn Rows,
    picks: &'a [usize],
}

impl<'a> Subset<'a> {
    /// The rows `picks` of `rows`.
    ///
    /// # Panics
    /// If a pick is beyond the last row.
    pub fn new(rows: &'a dyn Rows, picks: &'a [usize]) -> Self {
        assert!(
            picks.iter().all(|&i| i < rows.len()),
            "a pick is beyond the {} rows",
            rows.len()
        );
        Self { rows, picks }
    }
}

impl Rows for Subset<'_> {
    fn len(&self) -> usize {
        self.picks.len()
    }
    fn dim(&self) -> usize {
        self.rows.dim()
    }
    fn row(&self, i: usize) -> &[f32] {
        self.rows.row(self.picks[i])
    }
}

/// Features and labels that cannot be used together.
#[derive(Clone, Debug, Error, PartialEq)]
pub enum RowsError {
    /// There is nothing to learn from or to measure on.
    #[error("the {part} part holds no picture; check the lists of the data set")]
    Empty {
        /// Training or test.
        part: &'static str,
    },
    /// Features of two networks or two feature choices.
    #[error(
        "training features have {train} numbers and test features {test}; encode both with one \
         network and one feature choice"
    )]
    Lengths {
        /// Length of a training feature.
        train: usize,
        /// Length of a test feature.
        test: usize,
    },
    /// Another number of labels than of pictures.
    #[error("there are {labels} labels for {rows} pictures; encode the data set anew")]
    Labels {
        /// Labels.
        labels: usize,
        /// Pictures.
        rows: usize,
    },
    /// A class beyond the known ones.
    #[error("picture {index} has class {label}, but there are only {classes} classes, from 0")]
    Class {
        /// Picture, from 0.
        index: usize,
        /// Its class.
        label: u32,
        /// How many classes there are.
        classes: usize,
    },
    /// A feature that is not a number.
    #[error(
        "the feature of picture {index} of the {part} part is not finite; the network that \
         encoded it has diverged"
    )]
    NotFinite {
        /// Training or test.
        part: &'static str,
        /// Picture, from 0.
        index: usize,
    },
}

/// Refuses empty parts and features of different lengths.
pub(super) fn check_parts(train: &dyn Rows, test: &dyn Rows) -> Result<(), RowsError> {
    for (part, rows) in [("training", train), ("test", test)] {
        if rows.is_empty() {
            return Err(RowsError::Empty { part });
        }
    }
    if train.dim() != test.dim() {
        return Err(RowsError::Lengths {
            train: train.dim(),
            test: test.dim(),
        });
    }
    Ok(())
}

/// Refuses a class beyond the known ones.
pub(super) fn check_classes(labels: &[u32], classes: usize) -> Result<(), RowsError> {
    let beyond = |&(_, &label): &(usize, &u32)| label as usize >= classes;
    match labels.iter().enumerate().find(beyond) {
        Some((index, &label)) => Err(RowsError::Class {
            index,
            label,
            classes,
        }),
        None => Ok(()),
    }
}

/// Copies the rows `picks` side by side into `block`, on all cores.
pub(super) fn gather(rows: &dyn Rows, picks: &[usize], block: &mut [f32]) {
    block
        .par_chunks_exact_mut(rows.dim())
        .zip(picks)
        .for_each(|(out, &i)| out.copy_from_slice(rows.row(i)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subset_has_its_own_order() {
        let all = Matrix::new(3, 2, vec![0.0, 1.0, 10.0, 11.0, 20.0, 21.0]);
        let some = Subset::new(&all, &[2, 0]);
        assert_eq!((some.len(), some.dim()), (2, 2));
        assert_eq!(
            (some.row(0), some.row(1)),
            (&[20.0, 21.0][..], &[0.0, 1.0][..])
        );
        let mut block = [0.0; 4];
        gather(&some, &[1, 0], &mut block);
        assert_eq!(block, [0.0, 1.0, 20.0, 21.0]);
    }

    #[test]
    fn parts_must_fit() {
        let (two, three) = (
            Matrix::new(1, 2, vec![0.0; 2]),
            Matrix::new(1, 3, vec![0.0; 3]),
        );
        assert_eq!(check_parts(&two, &two), Ok(()));
        let lengths = RowsError::Lengths { train: 2, test: 3 };
        assert_eq!(check_parts(&two, &three), Err(lengths));
        let none = Matrix::new(0, 2, vec![]);
        assert_eq!(
            check_parts(&two, &none),
            Err(RowsError::Empty { part: "test" })
        );
        let class = RowsError::Class {
            index: 1,
            label: 2,
            classes: 2,
        };
        assert_eq!(check_classes(&[1, 2, 0], 2), Err(class));
    }
}
