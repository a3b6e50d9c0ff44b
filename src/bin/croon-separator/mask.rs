//! From mixture spectrum to network input, and from network output to a mask per bin. Everything
//! here is level-equivariant: the input is divided by its own mean magnitude, a mask has no level.
//!
//! Spectra are `[batch, 2, frames, 2048]` (real and imaginary parts apart, the bin at 22.05 kHz left
//! out). Three sub-bands become channels of 512 rows: 0 to 5.5 kHz, 5.5 to 11 kHz, and 11 to 22 kHz
//! with two bins a row, so the full band costs hardly more than half of it.

use tch::{Kind, TchError, Tensor};

/// Bins the network sees.
pub const BINS: i64 = 2048;
/// Rows of a sub-band.
pub const ROWS: i64 = 512;

/// Magnitude of a spectrum.
pub fn magnitude(re: &Tensor, im: &Tensor) -> Result<Tensor, TchError> {
    (re * re + im * im).f_sqrt()
}

/// Mean magnitude of each spectrum of the batch, `[batch, 1, 1, 1]`; 1 where it is exactly silent.
pub fn level(magnitude: &Tensor) -> Result<Tensor, TchError> {
    let mean = magnitude.f_mean_dim([1_i64, 2, 3].as_slice(), true, Kind::Float)?;
    let ones = mean.f_ones_like()?;
    mean.f_where_self(&mean.f_gt(0.0)?, &ones)
}

/// Level of each spectrum of the batch, `[batch, 1, 1, 1]`: the mean magnitude of its frames, each counted by its own
/// level, so that silence around music does not make it quieter; 1 where all is exactly silent.
pub fn weighted_level(magnitude: &Tensor) -> Result<Tensor, TchError> {
    let frames = magnitude.f_mean_dim([1_i64, 3].as_slice(), true, Kind::Float)?;
    let sum = |x: Tensor| x.f_sum_dim_intlist([2_i64].as_slice(), true, Kind::Float);
    let level = sum(frames.f_square()?)? / sum(frames)?;
    let ones = level.f_ones_like()?;
    // Silence over silence is no number, which is not greater than anything.
    level.f_where_self(&level.f_gt(0.0)?, &ones)
}

/// Level of each frame, `[batch, 1, frames, 1]`: the mean magnitude of the frames within `reach` of it,
/// those outside the window counted as silent; 1 where all of them are silent. What lies further away
/// has no say, so two windows over the same music agree.
pub fn moving_level(magnitude: &Tensor, reach: i64) -> Result<Tensor, TchError> {
    let frames = magnitude.f_mean_dim([1_i64, 3].as_slice(), false, Kind::Float)?;
    let mean = frames
        .f_unsqueeze(1)?
        .f_avg_pool1d([2 * reach + 1], [1], [reach], false, true)?;
    let ones = mean.f_ones_like()?;
    mean.f_where_self(&mean.f_gt(0.0)?, &ones)?.f_unsqueeze(3)
}

/// Network input `[batch, 9, frames, 512]`: log1p(4 x) of |L|, |R| and |L - R| after division by
/// `level` (one per example, or per frame) and by the whitening curve (one value per bin). `both` is the
/// magnitude of L and R.
pub fn features(
    re: &Tensor,
    im: &Tensor,
    both: Tensor,
    level: &Tensor,
    whitening: &Tensor,
) -> Result<Tensor, TchError> {
    let side = |x: &Tensor| Ok::<_, TchError>(x.f_narrow(1, 0, 1)? - x.f_narrow(1, 1, 1)?);
    let side = magnitude(&side(re)?, &side(im)?)?;
    let scale = (level * whitening).f_reciprocal()?.f_mul_scalar_(4.0)?;
    let x = Tensor::f_cat(&[both, side], 1)?.f_mul_(&scale)?.f_log1p_()?;
    fold(&x)
}

/// `[batch, c, frames, 2048]` to `[batch, 3 c, frames, 512]`.
fn fold(x: &Tensor) -> Result<Tensor, TchError> {
    let high = x.f_narrow(3, 2 * ROWS, 2 * ROWS)?;
    let pairs = [high.size()[0], high.size()[1], high.size()[2], ROWS, 2];
    let high = high
        .f_reshape(pairs)?
        .f_mean_dim([4_i64].as_slice(), false, Kind::Float)?;
    Tensor::f_cat(&[x.f_narrow(3, 0, ROWS)?, x.f_narrow(3, ROWS, ROWS)?, high], 1)
}

/// Masks per bin `[batch, 2, frames, 2048]` from the network's planes `[batch, 6, frames, 512]`.
pub fn unfold(planes: &Tensor) -> Result<Tensor, TchError> {
    // Split, not narrowed: its gradient is one concatenation instead of three padded sums.
    let [low, middle, high]: [Tensor; 3] = planes
        .f_split(2, 1)?
        .try_into()
        .map_err(|parts: Vec<Tensor>| TchError::Shape(format!("{} pairs of planes, not 3", parts.len())))?;
    let size = high.size();
    let high = high
        .f_unsqueeze(4)?
        .f_expand([size[0], size[1], size[2], ROWS, 2], false)?
        .f_reshape([size[0], size[1], size[2], 2 * ROWS])?;
    Tensor::f_cat(&[low, middle, high], 3)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tch::Device;

    #[test]
    fn a_plane_lands_on_the_bins_it_was_folded_from() {
        let bins = Tensor::arange(BINS, (Kind::Float, Device::Cpu))
            .reshape([1, 1, 1, BINS])
            .repeat([1, 2, 3, 1]);
        let folded = fold(&bins).unwrap();
        assert_eq!(folded.size(), [1, 6, 3, ROWS]);
        let back = unfold(&folded).unwrap();
        assert_eq!(back.size(), [1, 2, 3, BINS]);
        let worst = (back - bins).abs();
        assert_eq!(worst.narrow(3, 0, 1024).max().double_value(&[]), 0.0);
        assert_eq!(worst.max().double_value(&[]), 0.5);
    }

    #[test]
    fn features_do_not_know_the_level() {
        tch::manual_seed(1);
        let options = (Kind::Float, Device::Cpu);
        let (re, im) = (
            Tensor::randn([1, 2, 4, BINS], options),
            Tensor::randn([1, 2, 4, BINS], options),
        );
        let whitening = Tensor::rand([BINS], options) + 0.1;
        let of = |gain: f64| {
            let (re, im) = (&re * gain, &im * gain);
            let both = magnitude(&re, &im).unwrap();
            let level = level(&both).unwrap();
            features(&re, &im, both, &level, &whitening).unwrap()
        };
        for gain in [1e-3, 0.1, 10.0] {
            let worst = (of(gain) - of(1.0)).abs().max().double_value(&[]);
            assert!(worst < 1e-5, "gain {gain}: {worst}");
        }
    }

    #[test]
    fn silence_has_level_one() {
        let silence = Tensor::zeros([2, 2, 4, BINS], (Kind::Float, Device::Cpu));
        assert_eq!(level(&silence).unwrap().double_value(&[1, 0, 0, 0]), 1.0);
        assert_eq!(weighted_level(&silence).unwrap().double_value(&[1, 0, 0, 0]), 1.0);
    }

    #[test]
    fn silence_around_music_does_not_move_its_weighted_level() {
        tch::manual_seed(4);
        let music = Tensor::rand([1, 2, 8, 16], (Kind::Float, Device::Cpu));
        let level = |x: &Tensor| weighted_level(x).unwrap().double_value(&[0, 0, 0, 0]);
        let padded = music.constant_pad_nd([0, 0, 5, 20]);
        assert!((level(&music) - level(&padded)).abs() < 1e-6);
        assert!((level(&(&music * 7.0)) - 7.0 * level(&music)).abs() < 1e-5);
    }
}
