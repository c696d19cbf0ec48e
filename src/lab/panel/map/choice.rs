//! What can be chosen: the code and the way it is laid out.

use crate::eval::encode::Codes;
use crate::eval::matrix::Matrix;

/// The code that is mapped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Code {
    /// F_s
    Whole,
    /// F_f
    Face,
    /// F_p
    #[default]
    Pose,
}

impl Code {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Whole, Self::Face, Self::Pose];

    /// Its symbol.
    pub fn name(self) -> &'static str {
        match self {
            Self::Whole => "F_s",
            Self::Face => "F_f",
            Self::Pose => "F_p",
        }
    }

    /// Its features.
    pub fn of(self, codes: &Codes) -> &Matrix {
        match self {
            Self::Whole => &codes.f_s,
            Self::Face => &codes.f_f,
            Self::Pose => &codes.f_p,
        }
    }

    /// What a map of it should look like.
    pub fn look_for(self) -> &'static str {
        match self {
            Self::Whole => {
                "In F_s, the whole code, everything counts: who it is, what the face does and \
                 where it looks."
            }
            Self::Face => {
                "In F_f, pictures of the same person should lie together, whichever way the head \
                 looks."
            }
            Self::Pose => {
                "In F_p, faces that look the same way should lie together, whoever they are."
            }
        }
    }
}

/// How a code of many numbers becomes two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Method {
    /// The two directions in which the codes differ most; fast enough to follow the training.
    #[default]
    Pca,
    /// t-SNE: keeps neighbours together; takes seconds.
    Tsne,
}

impl Method {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Pca, Self::Tsne];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pca => "PCA",
            Self::Tsne => "t-SNE",
        }
    }

    /// What it does.
    pub fn about(self) -> &'static str {
        match self {
            Self::Pca => {
                "Principal components: the two directions in which the codes differ most. Follows \
                 the training."
            }
            Self::Tsne => {
                "Keeps alike codes together and says little about the distance of others. Takes \
                 some seconds, so it is made on demand."
            }
        }
    }
}
