//! The loss curves of a run of any length in bounded memory.

use crate::train::event::StepReport;

/// Buckets never outnumber this; then pairs are merged and each covers twice as many steps.
const MOST_BUCKETS: usize = 2048;

/// A curve that is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Curve {
    /// The weighted objective.
    Total,
    /// L_dis.
    Dis,
    /// |s − D(F_f, F_p)|.
    T1,
    /// |ŝ − D(F_f, F_p̂)|.
    T2,
    /// |s − D(F_f̂, F_p)|.
    T3,
    /// |ŝ − D(F_f̂, F_p̂)|.
    T4,
    /// L_orth.
    Orth,
    /// L_face.
    Face,
    /// L_pose.
    Pose,
    /// α_pose.
    AlphaPose,
    /// α_face.
    AlphaFace,
    /// Learning rate.
    LearningRate,
    /// Global gradient norm before clipping.
    GradNorm,
}

const CURVES: usize = 13;

/// The steps of one bucket on a curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// Mean of the steps.
    pub step: f64,
    /// Mean of the values.
    pub mean: f64,
    /// Smallest value.
    pub min: f64,
    /// Largest value.
    pub max: f64,
}

/// Sums over some neighbouring steps; values that are absent or not finite do not count.
#[derive(Clone, Copy)]
struct Bucket {
    step_sum: f64,
    steps: u32,
    sums: [f64; CURVES],
    counts: [u32; CURVES],
    mins: [f64; CURVES],
    maxs: [f64; CURVES],
}

impl Default for Bucket {
    fn default() -> Self {
        Self {
            step_sum: 0.0,
            steps: 0,
            sums: [0.0; CURVES],
            counts: [0; CURVES],
            mins: [f64::INFINITY; CURVES],
            maxs: [f64::NEG_INFINITY; CURVES],
        }
    }
}

/// Bucket means of all curves over the steps.
pub struct History {
    buckets: Vec<Bucket>,
    bucket_steps: u32,
}

impl Default for History {
    fn default() -> Self {
        Self {
            buckets: Vec::new(),
            bucket_steps: 1,
        }
    }
}

impl History {
    /// Adds one step.
    pub fn push(&mut self, report: &StepReport) {
        let needs_bucket = self
            .buckets
            .last()
            .is_none_or(|bucket| bucket.steps >= self.bucket_steps);
        if needs_bucket {
            if self.buckets.len() == MOST_BUCKETS {
                self.merge_pairs();
            }
            self.buckets.push(Bucket::default());
        }
        if let Some(bucket) = self.buckets.last_mut() {
            bucket.add(report);
        }
    }

    /// Whether nothing was added yet.
    pub fn is_empty(&self) -> bool {
        self.buckets.is_empty()
    }

    /// The points (step, mean) of a curve.
    pub fn points(&self, curve: Curve) -> Vec<(f64, f64)> {
        self.spans(curve)
            .map(|span| (span.step, span.mean))
            .collect()
    }

    /// A curve with the range of its values: as many spans as there are steps while these are few,
    /// at most a few thousand later, so that no peak of a long run is lost.
    pub fn spans(&self, curve: Curve) -> impl Iterator<Item = Span> + '_ {
        let index = curve as usize;
        self.buckets
            .iter()
            .filter(move |bucket| bucket.counts[index] > 0)
            .map(move |bucket| Span {
                step: bucket.step_sum / f64::from(bucket.steps),
                mean: bucket.sums[index] / f64::from(bucket.counts[index]),
                min: bucket.mins[index],
                max: bucket.maxs[index],
            })
    }

    /// Steps that one span covers.
    pub fn span_steps(&self) -> u32 {
        self.bucket_steps
    }

    fn merge_pairs(&mut self) {
        self.buckets = self
            .buckets
            .chunks(2)
            .map(|pair| pair[1..].iter().fold(pair[0], |sum, next| sum.merged(next)))
            .collect();
        self.bucket_steps *= 2;
    }
}

impl Bucket {
    fn add(&mut self, report: &StepReport) {
        self.step_sum += report.step as f64;
        self.steps += 1;
        let values: [Option<f64>; CURVES] = [
            Some(report.total),
            report.dis,
            report.t1,
            report.t2,
            report.t3,
            report.t4,
            report.orth,
            report.face,
            report.pose,
            Some(report.alpha_pose),
            Some(report.alpha_face),
            Some(report.lr),
            Some(report.grad_norm),
        ];
        for (index, value) in values.into_iter().enumerate() {
            if let Some(value) = value.filter(|value| value.is_finite()) {
                self.sums[index] += value;
                self.counts[index] += 1;
                self.mins[index] = self.mins[index].min(value);
                self.maxs[index] = self.maxs[index].max(value);
            }
        }
    }

    fn merged(mut self, other: &Self) -> Self {
        self.step_sum += other.step_sum;
        self.steps += other.steps;
        for index in 0..CURVES {
            self.sums[index] += other.sums[index];
            self.counts[index] += other.counts[index];
            self.mins[index] = self.mins[index].min(other.mins[index]);
            self.maxs[index] = self.maxs[index].max(other.maxs[index]);
        }
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_runs_are_kept_step_by_step() {
        let mut history = History::default();
        for step in 1..=3 {
            history.push(&StepReport {
                step,
                total: step as f64 * 10.0,
                face: (step > 1).then_some(f64::NAN),
                pose: (step == 2).then_some(7.0),
                ..StepReport::default()
            });
        }
        let total = [(1.0, 10.0), (2.0, 20.0), (3.0, 30.0)];
        assert_eq!(history.points(Curve::Total), total);
        assert_eq!(history.points(Curve::Face), []);
        assert_eq!(history.points(Curve::Pose), [(2.0, 7.0)]);
    }

    #[test]
    fn long_runs_keep_their_means_in_bounded_memory() {
        let mut history = History::default();
        let steps = 100_000;
        for step in 1..=steps {
            history.push(&StepReport {
                step,
                total: step as f64,
                ..StepReport::default()
            });
        }
        let points = history.points(Curve::Total);
        assert!((MOST_BUCKETS / 2..=MOST_BUCKETS).contains(&points.len()));
        // The value is the step, so every bucket's mean is its place.
        assert!(
            points
                .iter()
                .all(|(step, value)| (step - value).abs() < 1e-6)
        );
        // No peak is lost.
        let spans: Vec<Span> = history.spans(Curve::Total).collect();
        assert_eq!(spans[0].min, 1.0);
        assert_eq!(spans[spans.len() - 1].max, steps as f64);
        assert!(
            spans
                .windows(2)
                .all(|pair| pair[0].max + 1.0 == pair[1].min)
        );
        assert!(points.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(points[points.len() - 1].0 > steps as f64 * 0.995);
    }
}
