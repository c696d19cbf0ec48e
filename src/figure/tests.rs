//! Data with planted structure, and how much of it a map keeps.

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;
use rand_distr::{Distribution, StandardNormal};

use crate::eval::matrix::Matrix;

/// Normal clouds around random centres which lie about `apart` × √(2 `cols`) from each other, and
/// the cloud of each row.
pub fn clusters(clouds: usize, each: usize, cols: usize, apart: f32) -> (Matrix, Vec<u32>) {
    let mut rng = ChaCha8Rng::seed_from_u64(11);
    let mut normal = || -> f32 { StandardNormal.sample(&mut rng) };
    let centres: Vec<f32> = (0..clouds * cols).map(|_| apart * normal()).collect();
    let labels: Vec<u32> = (0..clouds * each)
        .map(|row| (row % clouds) as u32)
        .collect();
    let data = labels
        .iter()
        .flat_map(|&cloud| &centres[cloud as usize * cols..(cloud as usize + 1) * cols])
        .map(|centre| centre + normal())
        .collect();
    (Matrix::new(clouds * each, cols, data), labels)
}

/// Share of the five nearest other points that have a point's label.
pub fn purity(map: &[[f32; 2]], labels: &[u32]) -> f64 {
    const NEAREST: usize = 5;
    let mut same = 0;
    for (point, [x, y]) in map.iter().enumerate() {
        let mut others: Vec<(f32, u32)> = (map.iter().zip(labels).enumerate())
            .filter(|(other, _)| *other != point)
            .map(|(_, ([a, b], label))| ((a - x).powi(2) + (b - y).powi(2), *label))
            .collect();
        others.sort_by(|a, b| a.0.total_cmp(&b.0));
        let near = &others[..NEAREST];
        same += near
            .iter()
            .filter(|(_, label)| *label == labels[point])
            .count();
    }
    same as f64 / (NEAREST * map.len()) as f64
}
