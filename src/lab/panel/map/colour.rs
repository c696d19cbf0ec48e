//! What the colours of the points mean, and a face in words.

use crate::data::labelled::FaceLabel;
use crate::figure::map::Colouring;
use crate::train::ask::CodeSet;

/// What is known about a face and can be shown as a colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ColourBy {
    /// Who it is.
    Person,
    /// What the face does.
    Expression,
    /// Turned to a side.
    #[default]
    Yaw,
    /// Up or down.
    Pitch,
    /// Tilted.
    Roll,
    /// No colours.
    Nothing,
}

impl ColourBy {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Person,
        Self::Expression,
        Self::Yaw,
        Self::Pitch,
        Self::Roll,
        Self::Nothing,
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Expression => "expression",
            Self::Yaw => "yaw",
            Self::Pitch => "pitch",
            Self::Roll => "roll",
            Self::Nothing => "nothing",
        }
    }

    /// Those for which some face has a label.
    pub fn available(labels: &[FaceLabel]) -> Vec<Self> {
        let known = |by: &Self| match by {
            Self::Person => labels.iter().any(|label| label.identity.is_some()),
            Self::Expression => labels.iter().any(|label| label.expression.is_some()),
            Self::Yaw | Self::Pitch | Self::Roll => {
                labels.iter().any(|label| by.angle_deg(label).is_some())
            }
            Self::Nothing => true,
        };
        Self::ALL.into_iter().filter(known).collect()
    }

    /// This one, or the first of those that are available.
    pub fn or_first(self, available: &[Self]) -> Self {
        if available.contains(&self) {
            self
        } else {
            available.first().copied().unwrap_or(Self::Nothing)
        }
    }

    fn angle_deg(self, label: &FaceLabel) -> Option<f32> {
        let angle = match self {
            Self::Yaw => label.yaw_deg,
            Self::Pitch => label.pitch_deg,
            Self::Roll => label.roll_deg,
            Self::Person | Self::Expression | Self::Nothing => None,
        };
        angle.filter(|angle| angle.is_finite())
    }

    /// The colours of all faces.
    pub fn colouring(self, set: &CodeSet) -> Colouring {
        let labels = &set.labels;
        match self {
            Self::Person => people(labels),
            Self::Expression => Colouring::Classes {
                names: set.expressions.to_vec(),
                of: (labels.iter())
                    .map(|label| label.expression.unwrap_or(u32::MAX))
                    .collect(),
            },
            Self::Yaw | Self::Pitch | Self::Roll => Colouring::Value {
                name: self.name().into(),
                unit: "°".into(),
                values: (labels.iter())
                    .map(|label| self.angle_deg(label).unwrap_or(f32::NAN))
                    .collect(),
            },
            Self::Nothing => Colouring::Classes {
                names: vec!["faces".into()],
                of: vec![0; set.codes.f_s.rows],
            },
        }
    }
}

/// A class per person, under the number that [`words`] also gives.
fn people(labels: &[FaceLabel]) -> Colouring {
    let mut known: Vec<u32> = labels.iter().filter_map(|label| label.identity).collect();
    known.sort_unstable();
    known.dedup();
    let class = |label: &FaceLabel| known.binary_search(&label.identity?).ok();
    let of = labels
        .iter()
        .map(|label| class(label).map_or(u32::MAX, |class| class as u32));
    Colouring::Classes {
        of: of.collect(),
        names: known.iter().map(|id| person(*id)).collect(),
    }
}

fn person(identity: u32) -> String {
    format!("person {}", u64::from(identity) + 1)
}

/// A face in words: `Person 7, happy, yaw −30°`.
pub fn words(label: &FaceLabel, expressions: &[String]) -> String {
    let mut parts: Vec<String> = label.identity.map(person).into_iter().collect();
    let expression = label
        .expression
        .and_then(|index| expressions.get(index as usize));
    parts.extend(expression.cloned());
    for by in [ColourBy::Yaw, ColourBy::Pitch, ColourBy::Roll] {
        let angle = by.angle_deg(label).map(degrees);
        parts.extend(angle.map(|angle| format!("{} {angle}", by.name())));
    }
    let text = parts.join(", ");
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => "Nothing is known about this face".into(),
    }
}

/// `−30°`
pub fn degrees(angle_deg: f32) -> String {
    // Adding zero takes the sign off a rounded −0.
    format!("{:.0}°", angle_deg.round() + 0.0).replace('-', "−")
}
