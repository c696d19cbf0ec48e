//! Turning a new layout so that it looks like the one before.

/// Coordinates of a point.
pub type Place = [f32; 2];

/// `new`, turned and mirrored (orthogonal Procrustes) so that its points come as near as possible
/// to those of `old`. PCA leaves the signs of its axes open, t-SNE every rotation; neither changes
/// who is near whom. The centre of `new` moves to the origin.
///
/// Points that have no counterpart in `old` leave everything as it is.
pub fn aligned(new: &[Place], old: &[Place]) -> Vec<Place> {
    let (new, old) = (centred(new), centred(old));
    if new.len() != old.len() {
        return new;
    }
    // Sums of products: [x·x, x·y, y·x, y·y], the new coordinate first.
    let mut sums = [0.0f64; 4];
    for (a, b) in new.iter().zip(&old) {
        for (index, sum) in sums.iter_mut().enumerate() {
            *sum += f64::from(a[index / 2]) * f64::from(b[index % 2]);
        }
    }
    let [xx, xy, yx, yy] = sums;
    // The best rotation reaches |(cos, sin)|, the best after a reflection of y likewise.
    let rotation = (xx + yy, xy - yx);
    let reflection = (xx - yy, xy + yx);
    let length = |(cos, sin): (f64, f64)| cos.hypot(sin);
    let (direction, mirror) = if length(reflection) > length(rotation) {
        (reflection, -1.0)
    } else {
        (rotation, 1.0)
    };
    let size = length(direction);
    if size <= 0.0 || !size.is_finite() {
        return new;
    }
    let (cos, sin) = ((direction.0 / size) as f32, (direction.1 / size) as f32);
    let turned = |&[x, y]: &Place| {
        let y = mirror * y;
        [cos * x - sin * y, sin * x + cos * y]
    };
    new.iter().map(turned).collect()
}

/// The middle of their bounds in the origin, the longer side from −1 to 1.
pub fn framed(places: &[Place]) -> Vec<Place> {
    let ends = |axis: usize| {
        let values = places.iter().map(|place| place[axis]);
        let low = values.clone().fold(f32::INFINITY, f32::min);
        (low, values.fold(f32::NEG_INFINITY, f32::max))
    };
    let ((left, right), (bottom, top)) = (ends(0), ends(1));
    let half = (right - left).max(top - bottom) / 2.0;
    let scale = if half > 0.0 { 1.0 / half } else { 0.0 };
    let middle = [(left + right) / 2.0, (bottom + top) / 2.0];
    let inside = |place: &Place| [0, 1].map(|axis| (place[axis] - middle[axis]) * scale);
    places.iter().map(inside).collect()
}

fn centred(places: &[Place]) -> Vec<Place> {
    let mean = |axis: usize| {
        let sum: f64 = places.iter().map(|place| f64::from(place[axis])).sum();
        (sum / places.len().max(1) as f64) as f32
    };
    let middle = [mean(0), mean(1)];
    let inside = |place: &Place| [0, 1].map(|axis| place[axis] - middle[axis]);
    places.iter().map(inside).collect()
}
