//! The values of the contract, given to a model in this process and taken from it.

mod common;

use common::{dtypes, values};
use stele::Model;

#[test]
fn values_survive_a_call() {
    let model = Model::load(dtypes()).unwrap();
    values::survive(|signature, input| {
        model.runner(signature).unwrap().run([("x", input)]).unwrap()
    });
}
