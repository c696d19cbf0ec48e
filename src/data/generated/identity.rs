//! Who it is: the numbers that stay the same in every picture of one generated person.

use super::maths::Vec3;

/// One generated person.
///
/// Lengths are in units of 10 cm; a *scale* is a factor around 1, a *tendency* is about −1…1 with
/// 0 for the average face. Colours are linear RGB. Every field is drawn by [`Identity::draw`].
#[derive(Clone, Debug, PartialEq)]
pub struct Identity {
    /// Seed of the person's own textures (strands, freckles, skin).
    pub texture_seed: u32,
    /// Reverses everything that is not symmetric: the person seen in a mirror.
    pub mirrored: bool,
    /// Scale of the skull's width.
    pub skull_width: f32,
    /// Scale of the skull above the eyes.
    pub skull_height: f32,
    /// Scale of the skull from front to back.
    pub skull_depth: f32,
    /// How far the forehead leans back (tendency).
    pub forehead_slope: f32,
    /// Scale of the face below the eyes.
    pub face_length: f32,
    /// Scale of the jaw's width.
    pub jaw_width: f32,
    /// Height of the jaw angle (tendency; positive is a steep jaw line).
    pub jaw_angle: f32,
    /// Scale of the chin's width.
    pub chin_width: f32,
    /// How far the chin stands out (tendency).
    pub chin_projection: f32,
    /// Prominence of the cheek bones (tendency).
    pub cheekbones: f32,
    /// Fullness of the cheeks (tendency; negative is hollow).
    pub cheek_fullness: f32,
    /// Prominence of the brow ridge (tendency).
    pub brow_ridge: f32,
    /// Half the distance between the pupils.
    pub eye_spacing: f32,
    /// Scale of the eye's width.
    pub eye_width: f32,
    /// Scale of the lid opening at rest.
    pub eye_opening: f32,
    /// Rise of the outer corner of the eye (tendency).
    pub eye_tilt: f32,
    /// How deep the eyes lie (tendency).
    pub eye_depth: f32,
    /// Iris.
    pub iris: Vec3,
    /// Scale of the nose's length.
    pub nose_length: f32,
    /// Scale of the nose's width.
    pub nose_width: f32,
    /// Scale of how far the nose stands out.
    pub nose_projection: f32,
    /// Hump of the bridge (tendency).
    pub nose_hump: f32,
    /// Upturned tip (tendency).
    pub nose_upturn: f32,
    /// Sideways bend of the nose, 10 cm.
    pub nose_bend: f32,
    /// Half the mouth's width at rest.
    pub mouth_width: f32,
    /// Height of the mouth between nose and chin (tendency).
    pub mouth_height: f32,
    /// Thickness of the upper lip.
    pub upper_lip: f32,
    /// Thickness of the lower lip.
    pub lower_lip: f32,
    /// Height of one mouth corner over the other, 10 cm.
    pub mouth_skew: f32,
    /// Lips.
    pub lips: Vec3,
    /// Height of the brows over the eyes.
    pub brow_height: f32,
    /// Thickness of the brows.
    pub brow_thickness: f32,
    /// Arch of the brows (tendency).
    pub brow_arch: f32,
    /// Height of one brow over the other, 10 cm.
    pub brow_skew: f32,
    /// Density of the brows, 0–1.
    pub brow_density: f32,
    /// Scale of the ears.
    pub ear_size: f32,
    /// How far the ears stand out, degrees.
    pub ear_angle_deg: f32,
    /// Scale of the neck's width.
    pub neck_width: f32,
    /// Skin.
    pub skin: Vec3,
    /// Redness of cheeks and nose, 0–1.
    pub blush: f32,
    /// Density of freckles, 0–1.
    pub freckles: f32,
    /// Centre of a mole in the face (x, y), if there is one.
    pub mole: Option<(f32, f32)>,
    /// Lines of age, 0–1.
    pub age: f32,
    /// Hair.
    pub hair: Vec3,
    /// Length of the hair: below 0.08 bald, about 0.3 short, 1 down to the shoulders.
    pub hair_length: f32,
    /// Thickness of the hair on the head, 10 cm.
    pub hair_volume: f32,
    /// Curls, 0–1.
    pub curl: f32,
    /// How far the fringe comes down the forehead, 0–1.
    pub fringe: f32,
    /// Height of the hair line over the eyes.
    pub hairline: f32,
    /// Recession of the hair line at the temples, 0–1.
    pub recession: f32,
    /// Where the hair parts (x); never in the middle.
    pub parting: f32,
    /// Density of the full beard, 0–1.
    pub beard: f32,
    /// Density of the moustache, 0–1.
    pub moustache: f32,
    /// Spectacles, if worn.
    pub glasses: Option<Glasses>,
    /// Clothing.
    pub clothing: Vec3,
}

/// Spectacles.
#[derive(Clone, Debug, PartialEq)]
pub struct Glasses {
    /// Half the width of a lens.
    pub half_width: f32,
    /// Half the height of a lens.
    pub half_height: f32,
    /// 0 is round, 1 nearly rectangular.
    pub squareness: f32,
    /// Radius of the rim.
    pub rim: f32,
    /// Colour of the frame.
    pub colour: Vec3,
}

impl Identity {
    /// The same person seen in a mirror: parting, mole and every other asymmetry change sides.
    pub fn mirrored(&self) -> Self {
        Self {
            mirrored: !self.mirrored,
            ..self.clone()
        }
    }

    /// Sign that takes a picture-side x to the person's own side.
    pub(super) fn side(&self) -> f32 {
        if self.mirrored { -1.0 } else { 1.0 }
    }
}
