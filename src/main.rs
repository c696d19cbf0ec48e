//! The `visage` program; see the library for everything it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    ExitCode::from(visage::cli::main())
}
