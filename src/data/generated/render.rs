//! From a person and a state to a picture.

use image::RgbImage;

use super::expression::FaceState;
use super::features::Features;
use super::identity::Identity;
use super::maths::{Rotation, Vec3, vec3};
use super::mesh::{Material, Mesh, Triangle, Vertex};
use super::paint::{Paint, Painter, strands};
use super::raster::{self, NOTHING, Projected, Seen};
use super::shade::{self, Light, Lit};
use super::{hair, head, parts};

/// Distance of the camera from the middle of the head, in 10 cm.
const CAMERA: f32 = 7.5;
/// Half the side of the picture at the middle of the head when `zoom` is 1, in 10 cm.
const HALF_PICTURE: f32 = 1.50;
/// Half the side of the shadow map, in 10 cm.
const HALF_SHADOW: f32 = 2.1;
/// Samples per pixel and direction.
const SAMPLES: usize = 2;

/// Draws `identity` in `state` as a square picture of `side` pixels (made for 64–256).
///
/// The pixels are a pure function of the arguments, the same on every platform. Out-of-range
/// angles are taken as they are; a side of 0 counts as 1.
pub fn render(identity: &Identity, state: &FaceState, side: u32) -> RgbImage {
    let side = side.max(1);
    let fine = side > 96;
    let muscles = state.muscles();
    let features = Features::new(identity, &muscles, state.blink.clamp(0.0, 1.0));
    let mut mesh = Mesh::default();
    head::build(&mut mesh, identity, &muscles, &features, fine);
    hair::build(&mut mesh, identity, fine);
    parts::ears(&mut mesh, identity, &features);
    parts::torso(&mut mesh, identity, fine);
    parts::glasses(&mut mesh, identity, &features);
    mesh.pose(
        Rotation::head(state.yaw_deg, state.pitch_deg, state.roll_deg),
        Rotation::head(
            0.45 * state.yaw_deg,
            0.1 * state.pitch_deg,
            0.3 * state.roll_deg,
        ),
    );
    mesh.normals();

    let samples = side as usize * SAMPLES;
    let camera = Camera::new(state, samples);
    let points: Vec<Projected> = mesh
        .vertices
        .iter()
        .map(|v| camera.project(v.view))
        .collect();
    let seen = raster::draw(
        samples,
        &points,
        &mesh.triangles,
        |triangle| matches!(triangle.material, Material::Hair | Material::Frame),
        |triangle, weights| covers(&mesh, identity, triangle, weights),
    );
    let light = Light::new(state);
    let shadow = Shadow::new(&mesh, &light, if fine { 224 } else { 96 });
    let edge = 2.0 * HALF_PICTURE / samples as f32 / state.zoom.max(0.1);
    let scene = Scene {
        mesh: &mesh,
        points: &points,
        seen: &seen,
        painter: Painter {
            identity,
            state,
            muscles,
            features: &features,
            edge,
        },
        light,
        shadow,
    };
    RgbImage::from_fn(side, side, |x, y| {
        let mean = scene.pixel(x as usize, y as usize);
        image::Rgb(shade::expose(state, mean, y * side + x))
    })
}

/// Whether a triangle really covers a sample: hair has a ragged edge.
fn covers(mesh: &Mesh, identity: &Identity, triangle: &Triangle, weights: [f32; 3]) -> bool {
    if triangle.material != Material::Hair {
        return true;
    }
    let corners = triangle.corners.map(|i| &mesh.vertices[i as usize]);
    let cover = blend(corners, weights, |v| v.cover);
    if cover.abs() >= 0.6 {
        return cover > 0.0;
    }
    let place = blend3(corners, weights, |v| v.place);
    let (locks, single) = strands(identity, place);
    cover + 0.3 * (locks - 0.5) + 0.5 * (single - 0.5) > 0.0
}

fn blend(corners: [&Vertex; 3], weights: [f32; 3], field: impl Fn(&Vertex) -> f32) -> f32 {
    weights[0] * field(corners[0]) + weights[1] * field(corners[1]) + weights[2] * field(corners[2])
}

fn blend3(corners: [&Vertex; 3], weights: [f32; 3], field: impl Fn(&Vertex) -> Vec3) -> Vec3 {
    field(corners[0]) * weights[0] + field(corners[1]) * weights[1] + field(corners[2]) * weights[2]
}

/// The perspective of one picture.
struct Camera {
    scale: f32,
    centre: (f32, f32),
}

impl Camera {
    fn new(state: &FaceState, samples: usize) -> Self {
        let samples = samples as f32;
        Self {
            scale: 0.5 * samples / HALF_PICTURE * state.zoom.max(0.1),
            centre: (
                (0.5 + state.shift.0) * samples,
                (0.5 - state.shift.1) * samples,
            ),
        }
    }

    fn project(&self, view: Vec3) -> Projected {
        let scale = self.scale * CAMERA / (CAMERA - view.z);
        [
            self.centre.0 + view.x * scale,
            self.centre.1 - view.y * scale,
            view.z,
        ]
    }
}

/// Depths as the key light sees them.
struct Shadow {
    across: Vec3,
    up: Vec3,
    towards: Vec3,
    seen: Seen,
}

impl Shadow {
    fn new(mesh: &Mesh, light: &Light, side: usize) -> Self {
        let towards = light.towards;
        let across = vec3(0.0, 1.0, 0.0).cross(towards).normalized();
        let up = towards.cross(across);
        let mut shadow = Self {
            across,
            up,
            towards,
            seen: Seen {
                side,
                depth: Vec::new(),
                triangle: Vec::new(),
            },
        };
        let points: Vec<Projected> = mesh
            .vertices
            .iter()
            .map(|v| shadow.project(v.view))
            .collect();
        shadow.seen = raster::draw(
            side,
            &points,
            &mesh.triangles,
            |triangle| triangle.material == Material::Hair,
            |triangle, weights| match triangle.material {
                Material::Frame => false,
                Material::Hair => {
                    blend(
                        triangle.corners.map(|i| &mesh.vertices[i as usize]),
                        weights,
                        |v| v.cover,
                    ) > 0.0
                }
                Material::Skin | Material::Torso => true,
            },
        );
        shadow
    }

    fn project(&self, view: Vec3) -> Projected {
        let scale = 0.5 * self.seen.side as f32 / HALF_SHADOW;
        let centre = 0.5 * self.seen.side as f32;
        [
            centre + scale * view.dot(self.across),
            centre - scale * view.dot(self.up),
            view.dot(self.towards),
        ]
    }

    /// Share of the key light that reaches a place, smoothed over four entries of the map.
    fn sun(&self, view: Vec3, normal: Vec3) -> f32 {
        let [x, y, depth] = self.project(view + normal * 0.03);
        let limit = (self.seen.side - 2) as f32;
        let (x, y) = ((x - 0.5).clamp(0.0, limit), (y - 0.5).clamp(0.0, limit));
        let (column, row) = (x as usize, y as usize);
        let (tx, ty) = (x - column as f32, y - row as f32);
        let lit = |dx: usize, dy: usize| {
            let nearest = self.seen.depth[(row + dy) * self.seen.side + column + dx];
            // A narrow ramp instead of a step hides the map's own steps.
            1.0 - ((nearest - depth - 0.02) / 0.06).clamp(0.0, 1.0)
        };
        let top = lit(0, 0) * (1.0 - tx) + lit(1, 0) * tx;
        let bottom = lit(0, 1) * (1.0 - tx) + lit(1, 1) * tx;
        top * (1.0 - ty) + bottom * ty
    }
}

/// Everything needed to find the colour of a sample.
struct Scene<'a> {
    mesh: &'a Mesh,
    points: &'a [Projected],
    seen: &'a Seen,
    painter: Painter<'a>,
    light: Light,
    shadow: Shadow,
}

impl Scene<'_> {
    /// Mean colour of a pixel.
    fn pixel(&self, x: usize, y: usize) -> Vec3 {
        let side = self.seen.side;
        let samples =
            [(0, 0), (1, 1), (1, 0), (0, 1)].map(|(dx, dy)| (SAMPLES * x + dx, SAMPLES * y + dy));
        let materials = samples.map(|(column, row)| {
            let index = self.seen.triangle[row * side + column];
            (index != NOTHING).then(|| self.mesh.triangles[index as usize].material)
        });
        // Within one surface the paint's soft edges leave little to average: the diagonal will do.
        let used = if materials.iter().all(|m| *m == materials[0]) {
            &samples[..2]
        } else {
            &samples[..]
        };
        let mut sum = Vec3::default();
        let mut behind = 0;
        for &(column, row) in used {
            match self.sample(column, row) {
                Some(colour) => sum += colour,
                None => behind += 1,
            }
        }
        if behind > 0 {
            let place = |pixel: usize| ((SAMPLES * pixel) as f32 + 1.0) / side as f32;
            sum += shade::background(self.painter.state, place(x), place(y)) * behind as f32;
        }
        sum * (1.0 / used.len() as f32)
    }

    /// Colour of a sample, or `None` where only the background is seen.
    fn sample(&self, column: usize, row: usize) -> Option<Vec3> {
        let index = self.seen.triangle[row * self.seen.side + column];
        if index == NOTHING {
            return None;
        }
        let triangle = &self.mesh.triangles[index as usize];
        let points = triangle.corners.map(|i| self.points[i as usize]);
        let weights = raster::weights(points, column as f32 + 0.5, row as f32 + 0.5)?;
        let corners = triangle.corners.map(|i| &self.mesh.vertices[i as usize]);
        let place = blend3(corners, weights, |v| v.place);
        let view = blend3(corners, weights, |v| v.view);
        let mut normal = blend3(corners, weights, |v| v.normal).normalized();
        let mut open = blend(corners, weights, |v| v.open);
        let eye = (vec3(0.0, 0.0, CAMERA) - view).normalized();
        if triangle.material == Material::Hair && normal.dot(eye) < 0.0 {
            // The inside of the far side of long hair.
            normal = normal * -1.0;
            open *= 0.35;
        }
        let paint = match triangle.material {
            Material::Skin => self.painter.skin(
                blend3(corners, weights, |v| v.rest),
                place,
                blend(corners, weights, |v| v.cover),
            ),
            Material::Torso => self.painter.torso(place),
            Material::Hair => self.painter.hair(place),
            Material::Frame => Paint {
                albedo: self
                    .painter
                    .identity
                    .glasses
                    .as_ref()
                    .map_or(Vec3::default(), |g| g.colour),
                gloss: 0.9,
                glint: 0.0,
            },
        };
        let sun = self.shadow.sun(view, normal);
        Some(self.light.shine(
            &paint,
            triangle.material,
            &Lit {
                normal,
                eye,
                open,
                sun,
            },
        ))
    }
}
