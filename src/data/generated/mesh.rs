//! Triangles: what the parts of the head are built of.

use super::maths::{Rotation, Vec3, vec3};

/// What a surface is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Material {
    /// Head and ears.
    Skin,
    /// Neck and shoulders, clothed below the collar.
    Torso,
    /// Hair; seen from both sides, with a ragged edge.
    Hair,
    /// Frame of the spectacles.
    Frame,
}

/// A corner of the mesh.
#[derive(Clone, Copy, Debug)]
pub struct Vertex {
    /// Place on the resting face: where moles, freckles and beard are.
    pub rest: Vec3,
    /// Place in the head's own frame after the muscles moved: where lips, lids and brows are.
    pub place: Vec3,
    /// Place before the camera after the head turned.
    pub view: Vec3,
    /// Unit normal before the camera.
    pub normal: Vec3,
    /// Share of the surrounding light that reaches the surface, 0–1.
    pub open: f32,
    /// Hair: positive inside the hair, negative beyond its edge. Skin: density of hair roots, 0–1.
    pub cover: f32,
}

impl Vertex {
    /// A vertex that does not move with the muscles.
    pub fn rigid(place: Vec3, open: f32) -> Self {
        Self {
            rest: place,
            place,
            view: place,
            normal: Vec3::default(),
            open,
            cover: 0.0,
        }
    }
}

/// Three corners and their material.
#[derive(Clone, Copy, Debug)]
pub struct Triangle {
    /// Indices of the vertices, anticlockwise seen from outside.
    pub corners: [u32; 3],
    /// Material.
    pub material: Material,
}

/// All surfaces of a picture.
#[derive(Debug, Default)]
pub struct Mesh {
    /// Vertices.
    pub vertices: Vec<Vertex>,
    /// Triangles.
    pub triangles: Vec<Triangle>,
}

impl Mesh {
    /// Adds a surface that is closed in the direction of its columns. Rows run from top to bottom,
    /// columns anticlockwise seen from above, so that the outside faces outwards.
    pub fn tube(
        &mut self,
        rows: usize,
        columns: usize,
        material: Material,
        mut vertex: impl FnMut(usize, usize) -> Vertex,
    ) {
        let first = self.vertices.len() as u32;
        for row in 0..rows {
            self.vertices
                .extend((0..columns).map(|column| vertex(row, column)));
        }
        let at = |row: usize, column: usize| first + (row * columns + column % columns) as u32;
        for row in 0..rows - 1 {
            for column in 0..columns {
                let (a, b) = (at(row, column), at(row, column + 1));
                let (c, d) = (at(row + 1, column), at(row + 1, column + 1));
                self.triangles.push(Triangle {
                    corners: [a, c, d],
                    material,
                });
                self.triangles.push(Triangle {
                    corners: [a, d, b],
                    material,
                });
            }
        }
    }

    /// Turns head and torso. The torso follows the head only in part and hangs on the neck.
    pub fn pose(&mut self, head: Rotation, torso: Rotation) {
        let pivot = vec3(0.0, -0.75, -0.25);
        let carried = head.apply(pivot);
        for vertex in &mut self.vertices {
            let place = vertex.place;
            let turned = head.apply(place);
            // Front parts (chin, beard) belong to the head however low they reach.
            let height = place.y + 0.5 * (place.z - 0.2).clamp(0.0, 0.8);
            let follow = super::maths::step(-1.5, -0.8, height);
            vertex.view = if follow >= 1.0 {
                turned
            } else {
                (carried + torso.apply(place - pivot)).mix(turned, follow)
            };
        }
    }

    /// Computes smooth normals from the posed triangles.
    pub fn normals(&mut self) {
        for triangle in &self.triangles {
            let [a, b, c] = triangle.corners.map(|i| self.vertices[i as usize].view);
            let normal = (b - a).cross(c - a);
            for corner in triangle.corners {
                self.vertices[corner as usize].normal += normal;
            }
        }
        for vertex in &mut self.vertices {
            vertex.normal = vertex.normal.normalized();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::generated::maths::sin_cos_deg;

    #[test]
    fn tube_normals_point_outwards() {
        let mut mesh = Mesh::default();
        mesh.tube(3, 12, Material::Torso, |row, column| {
            let (sin, cos) = sin_cos_deg(column as f32 * 30.0);
            Vertex::rigid(vec3(sin, 1.0 - row as f32, cos), 1.0)
        });
        mesh.normals();
        for vertex in &mesh.vertices {
            let outwards = vec3(vertex.place.x, 0.0, vertex.place.z);
            assert!(vertex.normal.dot(outwards) > 0.95, "{vertex:?}");
        }
        assert_eq!(mesh.triangles.len(), 48);
    }
}
