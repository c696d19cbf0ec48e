//! The contrastive losses over interpolated negatives (METHODS 1.8.5), each as one operation on the
//! Gram matrix of its codes. GPUs only: from ordinary operations they take dozens of launches over
//! small tensors, which costs nothing worth mentioning on the CPU.
//!
//! With G the Gram matrix, i and j the rows of the two negatives that anchor a's mixed negative k
//! consists of, and μ = 1 − λ:
//!
//! ```text
//! cos(a, k) = (λ G[a,i] + μ G[a,j]) / √(G[a,a] · (λ² G[i,i] + μ² G[j,j] + 2 λ μ G[i,j]))
//! ```

mod face;
mod gpu;
mod pose;

#[cfg(test)]
pub(super) use face::FaceLossOps;
pub(crate) use face::mixed_cross_entropy;
#[cfg(test)]
pub(super) use pose::PoseLossOps;
pub(crate) use pose::pose_cross_entropy;
