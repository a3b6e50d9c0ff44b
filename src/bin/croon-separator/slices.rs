//! The values of tensors as slices, for what is computed here between the steps of libtorch.

use tch::{Device, Kind, Tensor};

/// The values of a tensor of floats that lies in one piece in the processor's memory.
pub fn floats(tensor: &Tensor) -> &[f32] {
    assert!(tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous());
    // SAFETY: the assertion says that so many floats lie there, and they live as long as the tensor. Whoever
    // changes them needs the tensor or a view of it, and this borrow is held for single steps only, between
    // which and libtorch's calls nothing else runs on this thread; no other thread has these tensors.
    unsafe { std::slice::from_raw_parts(tensor.data_ptr().cast(), tensor.numel()) }
}

/// The same for writing.
pub fn floats_mut(tensor: &mut Tensor) -> &mut [f32] {
    assert!(tensor.kind() == Kind::Float && tensor.device() == Device::Cpu && tensor.is_contiguous());
    // SAFETY: as above; the tensor is borrowed exclusively.
    unsafe { std::slice::from_raw_parts_mut(tensor.data_ptr().cast(), tensor.numel()) }
}

/// Sum in several strands, which a processor adds side by side.
pub fn sum(values: &[f32]) -> f32 {
    let mut strands = [0.0_f32; 16];
    let chunks = values.chunks_exact(strands.len());
    let rest: f32 = chunks.remainder().iter().sum();
    for chunk in chunks {
        strands.iter_mut().zip(chunk).for_each(|(sum, x)| *sum += x);
    }
    strands.iter().sum::<f32>() + rest
}
