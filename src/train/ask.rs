//! What the network can be asked while it trains, and what it answers.
//!
//! Plain data on both sides. The trainer answers between two steps, on the thread that owns the
//! network; see [`Control::Watch`](super::event::Control::Watch).

use std::sync::Arc;

use super::event::FaceGrid;
use crate::augment::ViewParams;
use crate::data::labelled::FaceLabel;
use crate::eval::encode::Codes;

/// A face the trainer holds. The fixed faces of the run have the numbers 0, 1, 2, … in the order of
/// [`Event::Gallery`](super::event::Event::Gallery); photos begin at [`FaceId::FIRST_PHOTO`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FaceId(pub u32);

impl FaceId {
    /// The number of the first face that somebody added.
    pub const FIRST_PHOTO: u32 = 1000;

    /// Whether somebody added it.
    pub fn is_photo(self) -> bool {
        self.0 >= Self::FIRST_PHOTO
    }
}

/// A face beside those of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct NewFace {
    /// From [`FaceId::FIRST_PHOTO`] on.
    pub id: FaceId,
    /// 64 × 64 RGB bytes, row by row.
    pub pixels: Vec<u8>,
}

/// Something to look at.
#[derive(Clone, Debug, PartialEq)]
pub enum Question {
    /// What D makes of each face: one row per face, columns [`FACES_COLUMNS`].
    Faces {
        /// The rows.
        faces: Vec<FaceId>,
    },
    /// D(F_f of the row, F_p of the column), without the originals along the edges.
    Swap {
        /// The rows: who lends the look.
        looks: Vec<FaceId>,
        /// The columns: who lends the pose.
        poses: Vec<FaceId>,
    },
    /// Codes on the way from A to B, decoded: one tile.
    Morph {
        /// Where both ways begin.
        a: FaceId,
        /// Where both ways end.
        b: FaceId,
        /// Place on the way of F_f: 0 is A, 1 is B.
        look: f32,
        /// Place on the way of F_p.
        pose: f32,
    },
    /// The look of one face in [`TURN_PLACES`] poses, evenly from one end of a [`TurnScale`] to the
    /// other: one tile each.
    Turn {
        /// Who lends the look.
        face: FaceId,
    },
    /// The codes of labelled faces, or of some faces of the run where there are no labels.
    Codes {
        /// About so many faces.
        pictures: usize,
    },
    /// The views of the latest step, as the network saw them.
    Views {
        /// About so many faces of each stream.
        faces: usize,
    },
    /// Measure what each code knows more often than the schedule says; the answer is an
    /// [`Event::Knowledge`](super::event::Event::Knowledge).
    Knowledge,
}

/// Tiles of the answer to [`Question::Turn`].
pub const TURN_PLACES: usize = 13;

/// Columns of the answer to [`Question::Faces`].
pub const FACES_COLUMNS: [&str; 9] = [
    "s",
    "s^",
    "F_f + F_p",
    "F_f^ + F_p^",
    "F_f^ + F_p",
    "F_f + F_p^",
    "F_f",
    "F_p",
    "F_p^",
];

/// The picture a decoded column should look like: the heading `s` where F_p enters D, `s^` where
/// F_p̂ does; `None` where a code stands alone.
pub fn target(column: &str) -> Option<&'static str> {
    column
        .contains('+')
        .then(|| if column.ends_with("F_p^") { "s^" } else { "s" })
}

/// What the numbers of [`Question::Turn`] mean.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum TurnScale {
    /// Yaw in degrees: F_p is a mean over faces whose yaw is known, so the numbers between
    /// `from_deg` and `to_deg` make sense.
    Yaw {
        /// Smallest yaw there are faces for.
        from_deg: f32,
        /// Largest yaw there are faces for.
        to_deg: f32,
    },
    /// No yaw is known: −1 is the face's own F_p, 1 that of its mirror image.
    Mirror,
}

/// An answer.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Steps behind the network that answered.
    pub step: u64,
    /// What was asked.
    pub question: Question,
    /// What came out.
    pub reply: Reply,
}

/// What came out.
#[derive(Clone, Debug)]
pub enum Reply {
    /// Tiles; of [`Question::Faces`], [`Question::Swap`] and [`Question::Morph`].
    Grid(FaceGrid),
    /// Tiles of [`Question::Turn`] and what its numbers mean.
    Turn(FaceGrid, TurnScale),
    /// Of [`Question::Codes`].
    Codes(Box<CodeSet>),
    /// Of [`Question::Views`].
    Views(Box<ViewSheet>),
    /// There is no answer; the sentence says why.
    No(String),
}

/// Codes of faces with what is known about them.
#[derive(Clone, Debug)]
pub struct CodeSet {
    /// One row per face.
    pub codes: Codes,
    /// One per face; all blank where nothing is known.
    pub labels: Arc<Vec<FaceLabel>>,
    /// Names of the expressions that labels point to.
    pub expressions: Arc<Vec<String>>,
    /// 64 × 64 RGB bytes per face.
    pub pixels: Arc<Vec<u8>>,
    /// Which faces these are, in words.
    pub words: String,
}

/// Views of one step.
#[derive(Clone, Debug)]
pub struct ViewSheet {
    /// The faces as they were read, with the views made of them.
    pub faces: Vec<ViewedFace>,
    /// Side of a view in pixels.
    pub side_px: usize,
}

/// One face and its views.
#[derive(Clone, Debug)]
pub struct ViewedFace {
    /// The stream that took the face.
    pub stream: super::step::Stream,
    /// Width and height of the frame in pixels.
    pub frame_px: (u32, u32),
    /// The frame: RGB bytes, row by row.
    pub frame: Vec<u8>,
    /// The views in the order of [`ViewRole`].
    pub views: Vec<View>,
    /// Further negatives that are not shown.
    pub left_out: usize,
}

/// A view as the network saw it.
#[derive(Clone, Debug)]
pub struct View {
    /// What the loss does with it.
    pub role: ViewRole,
    /// How it was made.
    pub params: ViewParams,
    /// Width and height in pixels of the frame it was made of.
    pub frame_px: (u32, u32),
    /// Whether that is another picture than the face's frame.
    pub other_picture: bool,
    /// RGB bytes, row by row.
    pub pixels: Vec<u8>,
}

/// What a loss does with a view.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ViewRole {
    /// s of the reconstruction stream.
    Whole,
    /// ŝ, the same person in another pose.
    OtherPose,
    /// Another person in the pose of ŝ.
    PoseGiver,
    /// The first of a pair whose codes are drawn together.
    First,
    /// The second.
    Second,
    /// A view the pair is pushed away from.
    Negative,
}
