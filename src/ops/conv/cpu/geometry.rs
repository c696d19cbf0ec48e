//! Sizes of one convolution.

/// A square convolution over a batch.
#[derive(Clone, Copy)]
pub(super) struct Geometry {
    pub b: usize,
    pub cin: usize,
    pub h: usize,
    pub w: usize,
    pub cout: usize,
    pub oh: usize,
    pub ow: usize,
    pub kernel: usize,
    pub stride: usize,
    pub padding: usize,
}

impl Geometry {
    /// From the shapes of the input and of one output image.
    pub fn new(
        [b, cin, h, w]: [usize; 4],
        [cout, oh, ow]: [usize; 3],
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Self {
        Self {
            b,
            cin,
            h,
            w,
            cout,
            oh,
            ow,
            kernel,
            stride,
            padding,
        }
    }

    /// Numbers that go into one output.
    pub fn depth(&self) -> usize {
        self.cin * self.kernel * self.kernel
    }
    /// Output pixels of an image.
    pub fn pixels(&self) -> usize {
        self.oh * self.ow
    }
    /// Numbers of an input image.
    pub fn input(&self) -> usize {
        self.cin * self.h * self.w
    }
    /// Numbers of an output image.
    pub fn output(&self) -> usize {
        self.cout * self.pixels()
    }
}
