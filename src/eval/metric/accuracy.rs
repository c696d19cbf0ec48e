//! Accuracy of classes (row 70).

/// The class with the largest number in each row of `[rows, classes]`; the first of equals.
pub fn classes_of(outputs: &[f32], classes: usize) -> Vec<u32> {
    let largest = |row: &[f32]| {
        let first = |best: usize, i: usize| if row[i] > row[best] { i } else { best };
        (0..classes).fold(0, first) as u32
    };
    outputs.chunks_exact(classes).map(largest).collect()
}

/// Share of right classes, in percent.
///
/// # Panics
/// If there is not one label per prediction.
pub fn accuracy(predicted: &[u32], labels: &[u32]) -> f64 {
    assert_eq!(predicted.len(), labels.len());
    let right = predicted.iter().zip(labels).filter(|(p, l)| p == l).count();
    100.0 * right as f64 / labels.len() as f64
}

/// Share of right classes among the pictures of each class, in percent; `None` for a class without
/// pictures.
pub fn accuracy_per_class(predicted: &[u32], labels: &[u32], classes: usize) -> Vec<Option<f64>> {
    assert_eq!(predicted.len(), labels.len());
    let (mut right, mut all) = (vec![0u64; classes], vec![0u64; classes]);
    for (p, &l) in predicted.iter().zip(labels) {
        all[l as usize] += 1;
        right[l as usize] += u64::from(*p == l);
    }
    let share = |(&right, &all): (&u64, &u64)| (all > 0).then(|| 100.0 * right as f64 / all as f64);
    right.iter().zip(&all).map(share).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_hand() {
        let outputs = [
            0.1, 0.9, 0.9, 2.0, -1.0, 0.0, -3.0, -3.0, -1.0, 5.0, 4.0, 4.5,
        ];
        let predicted = classes_of(&outputs, 3);
        assert_eq!(predicted, [1, 0, 2, 0]);
        let labels = [1, 1, 2, 1];
        assert_eq!(accuracy(&predicted, &labels), 50.0);
        let per_class = accuracy_per_class(&predicted, &labels, 3);
        assert_eq!(per_class, [None, Some(100.0 / 3.0), Some(100.0)]);
    }
}
