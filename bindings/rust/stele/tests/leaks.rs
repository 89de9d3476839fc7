//! Memory: neither ten thousand runs nor two hundred loads may leave anything.
//! One test, for it reads the memory of the whole process.

#![cfg(target_os = "linux")]

mod common;

use std::fs;

use common::{digits, image, state};
use stele::{Model, Profile, Tensor, TensorView};

const MIB: usize = 1 << 20;

/// Resident memory of this process, in bytes.
fn resident() -> usize {
    let statm = fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

/// The growth over the second half of `count` repetitions: the first half warms
/// the allocator up.
fn growth(count: usize, mut repeat: impl FnMut()) -> usize {
    for _ in 0..count / 2 {
        repeat();
    }
    let before = resident();
    for _ in 0..count / 2 {
        repeat();
    }
    resident().saturating_sub(before)
}

#[test]
fn nothing_is_left_behind() {
    // 128 KiB of input and of output in each run: 640 MiB if one of them stayed.
    let model = Model::builder().profile(Profile::Inline).load(digits()).unwrap();
    let pixels: Vec<f32> = (0..512).flat_map(image).collect();
    let owned = Tensor::new([4, 8, 8, 1], &pixels[..256]).unwrap();
    let runs = growth(10_000, || {
        let view = TensorView::new(&[4, 8, 8, 1], &pixels[..256]).unwrap();
        model.run([("image", view)]).unwrap();
        model.run([("image", &owned)]).unwrap();
        model.run([("image", TensorView::new(&[8, 8, 1], &pixels[..64]).unwrap())]).unwrap_err();
    });
    assert!(runs < 4 * MIB, "10,000 runs grew by {runs} bytes");

    let model = Model::load(state()).unwrap();
    let echo = model.runner("echo").unwrap();
    let strings = model.runner("echo_strings").unwrap();
    let text = Tensor::from_strings([64], vec![[b'x'; 100]; 64]).unwrap();
    let shared = growth(10_000, || {
        let taken = Tensor::from_owner([512], pixels[..512].to_vec()).unwrap();
        echo.run([("x", &taken)]).unwrap();
        strings.run([("x", &text)]).unwrap();
    });
    assert!(shared < 4 * MIB, "10,000 runs of shared memory grew by {shared} bytes");

    // The model has 0.3 MiB of weights and much more of graph.
    let loads = growth(200, || {
        let model = Model::load(digits()).unwrap();
        model.run([("image", &owned)]).unwrap();
    });
    assert!(loads < 20 * MIB, "200 loads grew by {loads} bytes");
}
