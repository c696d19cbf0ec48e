//! Every symbol of the window in plain words.

/// The symbols worth a line in the help.
pub const SYMBOLS: [&str; 25] = [
    "s",
    "s^",
    "F_s",
    "F_f",
    "F_p",
    "F_f^",
    "F_p^",
    "D",
    "F_f^ + F_p",
    "F_f + F_p^",
    "L_dis",
    "t_1",
    "t_2",
    "t_3",
    "t_4",
    "L_orth",
    "L_face",
    "L_pose",
    "α_pose",
    "α_face",
    "ω_pose",
    "ω_face",
    "τ",
    "DWA",
    "gradient norm",
];

/// What a symbol means, for its tooltip.
pub fn about(symbol: &str) -> &'static str {
    match symbol {
        "s" => "A face as it goes in.",
        "s^" => {
            "The same person in another pose: the face mirrored left to right, or what pose.source names."
        }
        "F_s" => "The whole code of a face: what the network passes on to other tasks.",
        "F_f" => "The face code: who it is and what the face does, without the pose.",
        "F_p" => "The pose code: where the head points.",
        "F_f^" => "The face code of the mirrored face.",
        "F_p^" => "The pose code of the mirrored face.",
        "F_f + F_p" => "Decoded from the face's own codes; should look like the face.",
        "F_f^ + F_p^" => {
            "Decoded from the mirrored face's codes; should look like the mirrored face."
        }
        "F_f^ + F_p" => {
            "The mirrored face's look in the pose of the face; should look like the face."
        }
        "F_f + F_p^" => "The face's look in the mirrored pose; should look like the mirrored face.",
        "L_dis" => {
            "Disentangling loss: how far the four decoded pictures are from what they should be."
        }
        "t_1" => "Face rebuilt from its own codes: difference to the face.",
        "t_2" => "Own look, other pose: difference to the face in the other pose.",
        "t_3" => "Look from the other pose, own pose: difference to the face.",
        "t_4" => "Face in the other pose rebuilt from its own codes: difference to it.",
        "L_orth" => "Orthogonality loss: keeps face code and pose code from saying the same thing.",
        "L_face" => {
            "Contrastive loss of the face code: two views of a face should be alike, other faces not."
        }
        "L_pose" => {
            "Contrastive loss of the pose code: two views in one pose should be alike, those in another pose not."
        }
        "α_pose" => "How much L_pose counts at present.",
        "α_face" => "How much L_face counts at present.",
        "ω_pose" => {
            "L_pose of the last epoch divided by that of the epoch before: above 1 means it learns too slowly and gets more weight."
        }
        "ω_face" => "L_face of the last epoch divided by that of the epoch before.",
        "τ" => "Temperature: how sharply alike and unlike are told apart.",
        "D" => "The decoder: turns a face code and a pose code back into a picture.",
        "total" => "Everything that is minimised, each term times its weight.",
        "learning rate" => "How far the weights move in one step.",
        "gradient norm" => "How steep the loss is at present; peaks announce trouble.",
        "DWA" => "Dynamic weight average: gives more weight to the loss that falls more slowly.",
        "chance" => "What guessing gives, without a look at the picture.",
        "raw pixels" => "The picture itself, made small, in place of a code.",
        "PCA (rank)" => {
            "Principal components of the pixels, as many as the directions F_p spreads in: what so few numbers can tell without learning."
        }
        "PCA (length)" => "Principal components of the pixels, as many as F_f has numbers.",
        "untrained F_s" | "untrained F_f" | "untrained F_p" => {
            "The code of a network that was never trained: what its shape alone gives."
        }
        _ => "",
    }
}
