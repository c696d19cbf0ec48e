//! The layouts by name.

use std::fmt;
use std::str::FromStr;

/// The on-disk layout of a reference data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportLayout {
    /// VoxCeleb: `<person>/<clip>/<frame>.jpg`.
    Vox,
    /// One folder of pictures.
    Folder,
    /// RAF-DB: a list of numbered pictures with one of seven expressions.
    Rafdb,
    /// FER-2013: one csv file of 48×48 grey pictures.
    Fer2013,
    /// LFW: ten folds of pairs.
    Lfw,
    /// CPLFW: ten folds of pairs across pose.
    Cplfw,
    /// DISFA: the intensity of action units, frame by frame.
    Disfa,
    /// 300W-LP and AFLW2000: npz files of 64×64 pictures with yaw, pitch and roll.
    W300Lp,
    /// BU-3DFE: lists with a pose class.
    Bu3dfe,
}

impl ExportLayout {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Vox,
        Self::Folder,
        Self::Rafdb,
        Self::Fer2013,
        Self::Lfw,
        Self::Cplfw,
        Self::Disfa,
        Self::W300Lp,
        Self::Bu3dfe,
    ];

    /// Name on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vox => "vox",
            Self::Folder => "folder",
            Self::Rafdb => "rafdb",
            Self::Fer2013 => "fer2013",
            Self::Lfw => "lfw",
            Self::Cplfw => "cplfw",
            Self::Disfa => "disfa",
            Self::W300Lp => "300wlp",
            Self::Bu3dfe => "bu3dfe",
        }
    }

    /// Side of a picture in pixels unless another is asked for.
    pub(super) fn side_px(self) -> u32 {
        match self {
            Self::Vox | Self::Folder | Self::Bu3dfe => 96,
            Self::Rafdb => 100,
            Self::Fer2013 => 48,
            Self::Lfw => 250,
            Self::Cplfw => 112,
            Self::Disfa => 128,
            Self::W300Lp => 64,
        }
    }

    /// Whether the format knows one side only.
    pub(super) fn prescribes_side(self) -> bool {
        matches!(self, Self::Fer2013 | Self::W300Lp)
    }

    /// People needed so that nobody appears on both sides of a split, and why.
    pub(super) fn fewest_identities(self) -> (usize, &'static str) {
        match self {
            Self::Vox | Self::Folder => (1, "without people there is no picture"),
            Self::Rafdb | Self::Bu3dfe => (2, "people of the training part are not tested on"),
            Self::Fer2013 => (3, "its three parts share no person"),
            Self::W300Lp => (3, "its three files share no person"),
            Self::Disfa => (3, "its three folds share no person"),
            Self::Lfw | Self::Cplfw => (20, "each of its ten folds needs two people of its own"),
        }
    }
}

impl fmt::Display for ExportLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for ExportLayout {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|layout| layout.name() == name)
            .ok_or_else(|| format!("there is no layout \"{name}\""))
    }
}
