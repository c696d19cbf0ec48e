//! The numbers the protocols report (METHODS 5.3, rows 59 and 70–73).

mod accuracy;
mod errors;
mod f1;
mod knn;
mod spread;

pub use accuracy::{accuracy, accuracy_per_class, classes_of};
pub use errors::{mean_absolute_error, mean_of};
pub use f1::{Counts, au_present, count, f1_per_unit, mean_f1, pool};
pub use knn::{NEIGHBOURS, knn};
pub use spread::Spread;
