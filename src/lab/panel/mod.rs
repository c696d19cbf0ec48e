//! The panels: one file each, named like its tab.

pub mod balance;
pub mod data;
pub mod faces;
pub mod knowledge;
pub mod losses;
pub mod map;
pub mod morph;
pub mod photo;
pub mod run;

use super::desk::Desk;
use super::state::LabState;
use crate::train::ask::Question;

/// Which panel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub enum PanelKind {
    /// Loss curves.
    Losses,
    /// α_pose and α_face.
    Balance,
    /// Reconstructions and the swap matrix.
    Faces,
    /// Two faces, two sliders.
    Morph,
    /// A photo of one's own.
    Photo,
    /// What each code knows.
    Knowledge,
    /// Codes in two dimensions.
    Map,
    /// Faces and views that go in.
    Data,
    /// Controls and figures of the run.
    Run,
}

impl PanelKind {
    /// All, in the order of their keys 1–9.
    pub const ALL: [Self; 9] = [
        Self::Losses,
        Self::Balance,
        Self::Faces,
        Self::Morph,
        Self::Photo,
        Self::Knowledge,
        Self::Map,
        Self::Data,
        Self::Run,
    ];

    /// The tab's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::Losses => "Losses",
            Self::Balance => "Balance",
            Self::Faces => "Faces",
            Self::Morph => "Morph",
            Self::Photo => "Your photo",
            Self::Knowledge => "What each code knows",
            Self::Map => "Map",
            Self::Data => "Data",
            Self::Run => "Run",
        }
    }

    /// Whether there is nothing to see in it without training.
    pub fn needs_training(self) -> bool {
        matches!(self, Self::Losses | Self::Balance | Self::Data)
    }

    /// One sentence for the tab's tooltip.
    pub fn about(self) -> &'static str {
        match self {
            Self::Losses => "How wrong the network still is, term by term.",
            Self::Balance => "How much the pose and the face loss count, and why.",
            Self::Faces => "What the codes hold, decoded to pictures; and looks in other poses.",
            Self::Morph => "Mix two faces, or turn a head.",
            Self::Photo => "See a photo of your own through the network's eyes.",
            Self::Knowledge => "Pose, person, expression: which code holds which.",
            Self::Map => "Faces whose codes are alike lie close together.",
            Self::Data => "The faces that go in, and the views the network is shown.",
            Self::Run => "Start, pause, speed, settings, device, messages.",
        }
    }
}

/// A panel: keeps its own choices, knows the run from [`LabState`] only.
pub trait Panel {
    /// Draws the panel into its tile, which may be as small as 300 × 200 points.
    fn ui(&mut self, ui: &mut eframe::egui::Ui, state: &LabState, desk: &mut Desk);

    /// What it wants to know from the network while it is visible.
    fn questions(&self, _state: &LabState) -> Vec<Question> {
        Vec::new()
    }
}

/// All panels with what they remember.
#[derive(Default)]
pub struct Panels {
    /// Loss curves.
    pub losses: losses::Losses,
    /// α_pose and α_face.
    pub balance: balance::Balance,
    /// Reconstructions and the swap matrix.
    pub faces: faces::Faces,
    /// Two faces, two sliders.
    pub morph: morph::Morph,
    /// A photo of one's own.
    pub photo: photo::Photo,
    /// What each code knows.
    pub knowledge: knowledge::Knowledge,
    /// Codes in two dimensions.
    pub map: map::Map,
    /// Faces and views that go in.
    pub data: data::Data,
    /// Controls and figures of the run.
    pub run: run::Run,
}

impl Panels {
    /// The panel of this kind.
    pub fn get(&self, kind: PanelKind) -> &dyn Panel {
        match kind {
            PanelKind::Losses => &self.losses,
            PanelKind::Balance => &self.balance,
            PanelKind::Faces => &self.faces,
            PanelKind::Morph => &self.morph,
            PanelKind::Photo => &self.photo,
            PanelKind::Knowledge => &self.knowledge,
            PanelKind::Map => &self.map,
            PanelKind::Data => &self.data,
            PanelKind::Run => &self.run,
        }
    }

    /// The panel of this kind, to be drawn.
    pub fn get_mut(&mut self, kind: PanelKind) -> &mut dyn Panel {
        match kind {
            PanelKind::Losses => &mut self.losses,
            PanelKind::Balance => &mut self.balance,
            PanelKind::Faces => &mut self.faces,
            PanelKind::Morph => &mut self.morph,
            PanelKind::Photo => &mut self.photo,
            PanelKind::Knowledge => &mut self.knowledge,
            PanelKind::Map => &mut self.map,
            PanelKind::Data => &mut self.data,
            PanelKind::Run => &mut self.run,
        }
    }
}
