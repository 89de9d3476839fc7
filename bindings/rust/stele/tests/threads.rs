//! Eight threads, a thousand runs each, one model: the same bits.

mod common;

use std::thread;

use common::{digits, image};
use stele::{Model, Outputs, Profile, Runner, Tensor, TensorView};

const THREADS: usize = 8;
const RUNS: usize = 1000;
const IMAGES: usize = 5;

#[test]
fn everything_goes_from_thread_to_thread() {
    fn goes<T: Send + Sync + Clone + 'static>() {}
    goes::<Model>();
    goes::<Runner>();
    goes::<Outputs>();
    goes::<Tensor>();
}

#[test]
fn threads_on_one_model_give_the_same_bits() {
    let model = Model::builder().profile(Profile::Inline).load(digits()).unwrap();
    let runner = model.runner("serving_default").unwrap();
    let run = |seed: usize| -> Vec<u32> {
        let pixels = image(seed);
        let outputs = runner.run([("image", TensorView::new(&[1, 8, 8, 1], &pixels).unwrap())]);
        let outputs = outputs.unwrap();
        let probabilities = outputs.get("probabilities").unwrap().data::<f32>().unwrap();
        probabilities.iter().map(|p| p.to_bits()).collect()
    };
    let expected: Vec<_> = (0..IMAGES).map(run).collect();
    assert_ne!(expected[0], expected[1]);
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (run, expected) = (&run, &expected);
            scope.spawn(move || {
                for at in 0..RUNS {
                    let seed = (thread + at) % IMAGES;
                    assert_eq!(run(seed), expected[seed], "thread {thread}, run {at}");
                }
            });
        }
    });
}
