//! Names of the basic expressions.

/// The seven basic expressions, in the order of [`Labelled::expressions`].
///
/// [`Labelled::expressions`]: super::Labelled::expressions
pub const EXPRESSIONS: [&str; 7] = [
    "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger",
];

/// Order of the labels 1 to 7 of RAF-DB.
pub const RAFDB: [&str; 7] = [
    "surprise", "fear", "disgust", "happy", "sad", "anger", "neutral",
];

/// Order of the labels 0 to 6 of FER-2013.
pub const FER2013: [&str; 7] = [
    "anger", "disgust", "fear", "happy", "sad", "surprise", "neutral",
];

/// Order of the labels 0 to 7 of AffectNet.
pub const AFFECTNET: [&str; 8] = [
    "neutral", "happy", "sad", "surprise", "fear", "disgust", "anger", "contempt",
];

/// One word per expression: lower case, and the basic ones as in [`EXPRESSIONS`].
pub fn expression(word: &str) -> String {
    let word = word.trim().to_lowercase();
    let usual = match word.as_str() {
        "angry" => "anger",
        "fearful" => "fear",
        "sadness" => "sad",
        "happiness" => "happy",
        "surprised" => "surprise",
        "disgusted" => "disgust",
        _ => return word,
    };
    usual.into()
}

/// The different words, the basic expressions first, the others after them by name.
pub fn ordered(words: impl Iterator<Item = String>) -> Vec<String> {
    let rank = |word: &String| EXPRESSIONS.iter().position(|known| known == word);
    let mut words: Vec<_> = words.collect();
    words.sort_unstable();
    words.dedup();
    words.sort_by_key(|word| rank(word).unwrap_or(EXPRESSIONS.len()));
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_word_and_one_order() {
        let words = [
            "Angry", "contempt", "fearful", "anger", " boredom", "neutral",
        ];
        assert_eq!(
            ordered(words.into_iter().map(expression)),
            ["neutral", "fear", "anger", "boredom", "contempt"]
        );
    }
}
