//! RAF-DB (METHODS 2.1, 2.9).

use super::plan::{List, Plan, shots};
use crate::data::generated::{Expression, GeneratedFaces};

/// Lines `train_00001.jpg 5` and files `Image/aligned/train_00001_aligned.jpg`; the last fifth of
/// the people are the test part.
pub fn plan(faces: &GeneratedFaces) -> Plan {
    let people = faces.identities();
    let tested = (people / 5).max(1);
    let mut all = Vec::with_capacity(faces.len());
    let mut lines = Vec::with_capacity(faces.len());
    for (part, range) in [
        ("train", 0..people - tested),
        ("test", people - tested..people),
    ] {
        let mut number = 0;
        all.extend(shots(faces, range, |person, clip, frame| {
            number += 1;
            let expression = faces.truth(faces.item(person, clip, frame)).expression;
            lines.push(format!("{part}_{number:05}.jpg {}", label(expression)));
            format!("Image/aligned/{part}_{number:05}_aligned.jpg")
        }));
    }
    Plan {
        shots: all,
        lists: vec![List::new("EmoLabel/list_patition_label.txt", lines)],
    }
}

/// RAF-DB's number of an expression.
fn label(expression: Expression) -> u8 {
    match expression {
        Expression::Surprise => 1,
        Expression::Fear => 2,
        Expression::Disgust => 3,
        Expression::Happy => 4,
        Expression::Sad => 5,
        Expression::Anger => 6,
        Expression::Neutral => 7,
    }
}
