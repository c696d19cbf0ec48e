//! Parameters by name: read them, replace them, count them.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Tensor, TensorData};

/// Values of named tensors with their shapes, in name order.
pub type NamedValues = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

/// New values for a tensor of this name and shape, or `None` to leave it alone.
pub type Filler<'a> = dyn FnMut(&str, &[usize]) -> Option<Vec<f32>> + 'a;

/// Whether a name is a batch-norm statistic rather than something the optimiser changes.
pub fn is_buffer(name: &str) -> bool {
    name.ends_with("running_mean") || name.ends_with("running_var")
}

/// The dotted path of the field a module walk is in.
#[derive(Default)]
pub(crate) struct Path(Vec<Option<String>>);

impl Path {
    /// `container` tells what `name` is part of, as the tensor library writes it. Which variant of an
    /// enum a network has is no part of a name: files of other tools and older runs have no such word.
    pub(crate) fn enter(&mut self, name: &str, container: &str) {
        let is_variant = container.starts_with("Enum:");
        self.0.push((!is_variant).then(|| name.to_owned()));
    }
    pub(crate) fn exit(&mut self) {
        self.0.pop();
    }
    pub(crate) fn name(&self) -> String {
        let names: Vec<&str> = self.0.iter().flatten().map(String::as_str).collect();
        names.join(".")
    }
}

/// Reads every parameter and statistic back to the CPU.
///
/// Pending batch-norm statistics are folded in first.
pub fn values<M: Module>(module: &M) -> NamedValues {
    struct Read {
        path: Path,
        out: NamedValues,
    }
    impl ModuleVisitor for Read {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let tensor = param.val();
            let shape = tensor.dims().to_vec();
            let data = tensor.into_data().convert::<f32>();
            self.out.insert(
                self.path.name(),
                (shape, data.try_to_vec().unwrap_or_default()),
            );
        }
    }
    let mut read = Read {
        path: Path::default(),
        out: NamedValues::new(),
    };
    // `valid` is what brings running statistics up to date before they are visited.
    module.valid().visit(&mut read);
    read.out
}

/// Replaces every parameter and statistic for which `fill` returns values.
///
/// `fill` gets the name and the shape; returning `None` keeps the old values.
///
/// # Panics
///
/// If `fill` returns a vector whose length does not match the shape.
pub fn load_values<M: Module>(module: M, fill: &mut Filler<'_>) -> M {
    struct Fill<'a> {
        path: Path,
        fill: &'a mut Filler<'a>,
    }
    impl ModuleMapper for Fill<'_> {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let name = self.path.name();
            let shape = param.lazy_shape().to_vec();
            match (self.fill)(&name, &shape) {
                None => param,
                Some(new) => param.map(|old| {
                    let device = old.device();
                    let tracked = old.is_require_grad();
                    Tensor::from_data(TensorData::new(new, shape), &device)
                        .set_require_grad(tracked)
                }),
            }
        }
    }
    module.map(&mut Fill {
        path: Path::default(),
        fill,
    })
}

/// Fills every parameter and statistic from saved values.
///
/// # Errors
/// The first name that is missing, has another shape or is not part of the network.
pub fn load_exactly<M: Module>(module: M, saved: &NamedValues) -> Result<M, String> {
    let mut wrong = None;
    let mut used = 0;
    let module = load_values(module, &mut |name, shape| match saved.get(name) {
        Some((saved_shape, numbers)) if saved_shape == shape => {
            used += 1;
            Some(numbers.clone())
        }
        Some((saved_shape, _)) => {
            wrong.get_or_insert(format!(
                "{name} is {saved_shape:?} there and {shape:?} here"
            ));
            None
        }
        None => {
            wrong.get_or_insert(format!("{name} is missing there"));
            None
        }
    });
    match wrong {
        Some(reason) => Err(reason),
        None if used != saved.len() => Err("it has more parts than the network".into()),
        None => Ok(module),
    }
}

/// Number of trainable numbers (running statistics not counted).
pub fn parameter_count<M: Module>(module: &M) -> u64 {
    struct Count {
        path: Path,
        total: u64,
    }
    impl ModuleVisitor for Count {
        fn enter_module(&mut self, name: &str, container: &str) {
            self.path.enter(name, container);
        }
        fn exit_module(&mut self, _: &str, _: &str) {
            self.path.exit();
        }
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            if !is_buffer(&self.path.name()) {
                self.total += param.lazy_shape().num_elements() as u64;
            }
        }
    }
    let mut count = Count {
        path: Path::default(),
        total: 0,
    };
    module.visit(&mut count);
    count.total
}

/// Batch-norm statistics of a network at one moment, kept on the device.
///
/// Cloned networks share their statistics, so going back to an earlier state needs this.
pub struct Buffers(BTreeMap<String, Tensor<1>>);

impl Buffers {
    /// Statistics as they are now.
    pub fn of<M: Module>(module: &M) -> Self {
        struct Take {
            path: Path,
            out: BTreeMap<String, Tensor<1>>,
        }
        impl ModuleVisitor for Take {
            fn enter_module(&mut self, name: &str, container: &str) {
                self.path.enter(name, container);
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.path.exit();
            }
            fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
                let name = self.path.name();
                if is_buffer(&name) {
                    let n = param.lazy_shape().num_elements();
                    self.out.insert(name, param.val().inner().reshape([n]));
                }
            }
        }
        let mut take = Take {
            path: Path::default(),
            out: BTreeMap::new(),
        };
        // Pending updates are folded in by `valid`, which shares the statistics' cells.
        module.valid().visit(&mut take);
        Self(take.out)
    }

    /// Puts the statistics back.
    pub fn put_back<M: Module>(self, module: M) -> M {
        struct Put {
            path: Path,
            saved: BTreeMap<String, Tensor<1>>,
        }
        impl ModuleMapper for Put {
            fn enter_module(&mut self, name: &str, container: &str) {
                self.path.enter(name, container);
            }
            fn exit_module(&mut self, _: &str, _: &str) {
                self.path.exit();
            }
            fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
                match self.saved.remove(&self.path.name()) {
                    None => param,
                    Some(saved) => param.map(|old| {
                        let saved = saved.reshape(old.dims());
                        if old.is_autodiff() {
                            Tensor::from_inner(saved)
                        } else {
                            saved
                        }
                    }),
                }
            }
        }
        // What a forward pass left pending would otherwise overwrite what is put back.
        let _ = module.valid();
        module.map(&mut Put {
            path: Path::default(),
            saved: self.0,
        })
    }
}
