//! The points on their way from one layout to the next.

use std::sync::Arc;

use super::align::{Place, aligned, framed};
use super::layout::Layout;

/// Long enough to follow a point with the eyes.
const GLIDE_S: f64 = 0.3;

/// What is on the screen.
#[derive(Default)]
pub struct Scene {
    layout: Option<Arc<Layout>>,
    from: Vec<Place>,
    to: Vec<Place>,
    since_s: f64,
}

impl Scene {
    /// Goes over to a layout, turned like the one before.
    pub fn show(&mut self, layout: &Arc<Layout>, now_s: f64) {
        if (self.layout.as_ref()).is_some_and(|shown| Arc::ptr_eq(shown, layout)) {
            return;
        }
        let here = self.places(now_s);
        self.to = framed(&aligned(&layout.places, &self.to));
        // Other faces do not come from anywhere.
        self.from = if here.len() == self.to.len() {
            here
        } else {
            self.to.clone()
        };
        self.since_s = now_s;
        self.layout = Some(layout.clone());
    }

    /// The layout it has gone over to.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.layout.as_ref()
    }

    /// Where the points come to rest: within −1 to 1.
    pub fn goal(&self) -> &[Place] {
        &self.to
    }

    /// Where the points are.
    pub fn places(&self, now_s: f64) -> Vec<Place> {
        let way = ((now_s - self.since_s) / GLIDE_S).clamp(0.0, 1.0) as f32;
        let way = way * way * (3.0 - 2.0 * way);
        let between = |(from, to): (&Place, &Place)| {
            [0, 1].map(|axis| from[axis] + (to[axis] - from[axis]) * way)
        };
        self.from.iter().zip(&self.to).map(between).collect()
    }

    /// Whether the points still move.
    pub fn is_gliding(&self, now_s: f64) -> bool {
        now_s - self.since_s < GLIDE_S && self.from != self.to
    }
}
