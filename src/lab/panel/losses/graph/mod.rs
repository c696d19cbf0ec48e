//! What the plots of the panels share: axes, lines, names at their ends.

pub mod ends;
pub mod number;
pub mod pen;
pub mod scale;
pub mod sign;
pub mod trace;

use std::ops::RangeInclusive;

use eframe::egui::{Align2, Color32, FontId, Id, Pos2, Shape, Ui, pos2, vec2};
use egui_plot::{
    Axis, AxisHints, Plot, PlotBounds, PlotGeometry, PlotItem, PlotItemBase, PlotTransform,
};
use pen::{Dash, Pen};
use scale::Scale;

use crate::lab::look::theme::{self, Tone};

/// Room for the labels of the y axis, so that plots above each other begin at the same place.
const Y_LABELS_PT: f32 = 48.0;

/// What to do with the mouse, for a tooltip.
pub const MOUSE: &str = "Drag to move. Ctrl and the wheel zoom; so does a box drawn with the right \
                         button. A double click shows everything again.";

/// A plot over steps or epochs. Plots with the same `group` share the x axis and the pointer.
pub fn plot<'a>(
    ui: &Ui,
    name: &'static str,
    group: Id,
    scale: Scale,
    x_label: Option<&str>,
) -> Plot<'a> {
    let mut x_axis = AxisHints::new(Axis::X).formatter(|mark, _| number::tick(mark.value));
    if let Some(label) = x_label {
        x_axis = x_axis.label(label);
    }
    let y_axis = AxisHints::new(Axis::Y)
        .min_thickness(Y_LABELS_PT)
        .label_spacing(12.0..=20.0)
        .formatter(move |mark, _| scale.label(mark.value));
    Plot::new(name)
        .id(plot_id(name))
        // The wheel alone belongs to the panel, which may have to scroll.
        .allow_scroll(false)
        .show_y(false)
        .grid_color(theme::tone(ui, Tone::Dim).gamma_multiply(0.6))
        .set_margin_fraction(vec2(0.01, 0.06))
        .custom_x_axes(vec![x_axis])
        .custom_y_axes(vec![y_axis])
        .x_grid_spacer(|input| scale::whole_marks(&input))
        .y_grid_spacer(move |input| scale.marks(&input))
        .link_axis(group, [true, false])
        .link_cursor(group, [true, false])
}

/// What egui remembers a plot by.
pub fn plot_id(name: &'static str) -> Id {
    Id::unique(("plot", name))
}

/// Something that is drawn into a plot once it is known what the plot shows.
pub struct Drawn<F> {
    base: PlotItemBase,
    bounds: PlotBounds,
    draw: F,
}

impl<F: Fn(&Ui, &PlotTransform, &mut Vec<Shape>)> Drawn<F> {
    /// Asks the plot to show `bounds`; the name must be the only one of its kind in the plot.
    pub fn new(name: &str, bounds: PlotBounds, draw: F) -> Self {
        let base = PlotItemBase::new(name.to_owned());
        Self { base, bounds, draw }
    }
}

impl<F: Fn(&Ui, &PlotTransform, &mut Vec<Shape>)> PlotItem for Drawn<F> {
    fn shapes(&self, ui: &Ui, transform: &PlotTransform, shapes: &mut Vec<Shape>) {
        (self.draw)(ui, transform, shapes);
    }

    fn initialize(&mut self, _x_range: RangeInclusive<f64>) {}

    fn color(&self) -> Color32 {
        Color32::TRANSPARENT
    }

    fn geometry(&self) -> PlotGeometry<'_> {
        PlotGeometry::None
    }

    fn bounds(&self) -> PlotBounds {
        self.bounds
    }

    fn base(&self) -> &PlotItemBase {
        &self.base
    }

    fn base_mut(&mut self) -> &mut PlotItemBase {
        &mut self.base
    }
}

/// A dotted level to compare with.
pub fn level(
    name: &str,
    place: f64,
    colour: Color32,
) -> Drawn<impl Fn(&Ui, &PlotTransform, &mut Vec<Shape>) + use<>> {
    let mut bounds = PlotBounds::NOTHING;
    bounds.extend_with_y(place);
    Drawn::new(name, bounds, move |_, transform, shapes| {
        let y = transform.position_from_point_y(place);
        let pen = Pen {
            colour,
            width: 2.0,
            dash: Dash::DOTS,
        };
        let ends = transform.frame().x_range();
        pen.draw(vec![pos2(ends.min, y), pos2(ends.max, y)], shapes);
    })
}

/// A few words inside a plot, legible above whatever runs there.
pub fn note(
    ui: &Ui,
    text: &str,
    at: Pos2,
    anchor: Align2,
    colour: Color32,
    shapes: &mut Vec<Shape>,
) {
    let font = FontId::proportional(13.0);
    let galley = ui.painter().layout_no_wrap(text.to_owned(), font, colour);
    let area = anchor.anchor_size(at, galley.size());
    let ground = ui.visuals().extreme_bg_color.gamma_multiply(0.75);
    shapes.push(Shape::rect_filled(area.expand2(vec2(2.0, 0.0)), 2, ground));
    shapes.push(Shape::galley(area.min, galley, colour));
}
