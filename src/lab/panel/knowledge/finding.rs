//! The most important finding, in words.

use super::quantity::{NEAREST_POSE, PERSON, QUANTITIES, Quantity, SAME_PERSON, Unit, YAW};
use crate::eval::probe::KnowledgeTable;

/// Codes that differ by less, as a share of the way from chance to perfect, count as even: with a
/// few hundred pictures that may be luck.
const EVEN: f64 = 0.05;
/// Below this share a code is as good as guessing.
const NOTHING: f64 = 0.1;

/// The codes that should and should not know something.
struct Sides {
    what: &'static str,
    own: &'static str,
    other: &'static str,
}

const POSE: Sides = Sides {
    what: "the pose",
    own: "F_p",
    other: "F_f",
};
const WHO: Sides = Sides {
    what: "the person",
    own: "F_f",
    other: "F_p",
};

/// Which of two codes knows more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Standing {
    /// Neither is better than guessing.
    Nobody,
    /// The one that should, and the other knows less than half as much.
    Apart,
    /// The one that should.
    Ahead,
    /// Both alike.
    Even,
    /// The one that should not.
    Behind,
}

impl Standing {
    fn new(own: f64, other: f64) -> Self {
        if own.max(other) < NOTHING {
            Self::Nobody
        } else if own - other > EVEN {
            if other < own / 2.0 {
                Self::Apart
            } else {
                Self::Ahead
            }
        } else if other - own > EVEN {
            Self::Behind
        } else {
            Self::Even
        }
    }

    fn is_good(self) -> bool {
        matches!(self, Self::Apart | Self::Ahead)
    }

    fn words(self, sides: &Sides) -> String {
        let Sides { what, own, other } = sides;
        match self {
            Self::Nobody => format!("no code tells {what} better than guessing"),
            Self::Apart => format!("{own} knows {what}, {other} much less"),
            Self::Ahead => format!("{own} knows {what} better than {other}"),
            Self::Even => format!("{other} knows {what} as well as {own}"),
            Self::Behind => format!("{other} knows {what} better than {own}"),
        }
    }
}

/// What a measurement says about F_f and F_p: the finding, and the numbers behind it.
pub fn finding(table: &KnowledgeTable) -> Option<(String, Vec<String>)> {
    let pose = [NEAREST_POSE, YAW]
        .into_iter()
        .find_map(|index| standing(&QUANTITIES[index], table, &POSE));
    let who = [SAME_PERSON, PERSON]
        .into_iter()
        .find_map(|index| standing(&QUANTITIES[index], table, &WHO));
    let verdict = match (&pose, &who) {
        (Some((pose, _)), Some((who, _))) => both(*pose, *who),
        (Some((pose, _)), None) => capital(&format!("{}.", pose.words(&POSE))),
        (None, Some((who, _))) => capital(&format!("{}.", who.words(&WHO))),
        (None, None) => return None,
    };
    let numbers = [pose, who].into_iter().flatten().map(|(_, text)| text);
    Some((verdict, numbers.collect()))
}

fn both(pose: Standing, who: Standing) -> String {
    let lead = match (pose, who) {
        (Standing::Nobody, Standing::Nobody) => {
            return "No code tells the pose or the person better than guessing yet.".into();
        }
        (Standing::Apart, Standing::Apart) => "The codes are separated",
        _ if pose.is_good() && who.is_good() => "The codes are separating",
        _ => "The codes are not separated yet",
    };
    let link = if pose.is_good() == who.is_good() {
        "and"
    } else {
        "but"
    };
    format!("{lead}: {}, {link} {}.", pose.words(&POSE), who.words(&WHO))
}

/// How the two codes stand in a quantity, with the numbers in words.
fn standing(
    quantity: &Quantity,
    table: &KnowledgeTable,
    sides: &Sides,
) -> Option<(Standing, String)> {
    let chance = quantity.chance(table)?;
    let own = quantity.of_code(table, sides.own)?;
    let other = quantity.of_code(table, sides.other)?;
    let share = |value| quantity.unit.share(value, chance);
    let standing = Standing::new(share(own)?, share(other)?);
    let (name, unit) = (quantity.name, quantity.unit);
    let [own_text, other_text, chance] = [own, other, chance].map(|value| unit.rough(value));
    let Sides { own, other, .. } = sides;
    let text = match unit {
        Unit::Degrees => format!(
            "{name}: {own} is off by {own_text}, {other} by {other_text}; guessing is off by {chance}."
        ),
        Unit::Percent => format!(
            "{name}: {own} is right in {own_text}, {other} in {other_text}; guessing in {chance}."
        ),
    };
    Some((standing, text))
}

/// With a capital letter, codes excepted, which have one.
fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}
