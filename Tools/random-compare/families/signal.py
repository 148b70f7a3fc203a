"""Fourier transforms and audio."""
import numpy as np
import tensorflow as tf

from oracle.spec import op

GENTLE = {"special": False, "scale": 1}
LENGTHS = [1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 30, 31]


def rank(name):
    return int(name[-2]) if name.endswith("D") else 1


def lead(c):
    return c.shape(high=2, empty=0, sizes=[1, 2, 3])


def sizes(c, n):
    pool = LENGTHS if n == 1 else LENGTHS[:9] if n == 2 else LENGTHS[:6]
    return [c.choice(pool) for _ in range(n)]


@op("FFT FFT2D FFT3D IFFT IFFT2D IFFT3D BatchFFT BatchFFT2D BatchFFT3D BatchIFFT BatchIFFT2D "
    "BatchIFFT3D", tol="sum")
def fft(c):
    batch = c.name.startswith("Batch")
    dtype = "complex64" if batch else c.dtype("Tcomplex")
    c.run(c.draw(dtype, lead(c) + sizes(c, rank(c.name)), **GENTLE))


@op("RFFT RFFT2D RFFT3D", tol="sum", count=1.5)
def rfft(c):
    dtype = c.dtype("Treal")
    n = rank(c.name)
    shape = sizes(c, n)
    length = shape if c.chance(0.5) else sizes(c, n)
    if c.bad("length"):
        length = [*length, 2]
    c.run(c.draw(dtype, lead(c) + shape, **GENTLE), c.host(np.array(length)),
          Tcomplex="complex64" if dtype == "float" else "complex128")


@op("IRFFT IRFFT2D IRFFT3D", tol="sum", count=1.5)
def irfft(c):
    dtype = c.dtype("Tcomplex")
    n = rank(c.name)
    length = sizes(c, n)
    shape = [*length[:-1], length[-1] // 2 + 1]
    if c.chance(0.4):
        shape = [d + c.int(0, 2) for d in shape]
    c.run(c.draw(dtype, lead(c) + shape, **GENTLE), c.host(np.array(length)),
          Treal="float" if dtype == "complex64" else "double")


@op("AudioSpectrogram", tol="loose")
def spectrogram(c):
    c.run(c.draw("float", [c.int(30, 90), c.int(1, 2)], **GENTLE),
          window_size=c.choice([8, 16, 20]), stride=c.choice([4, 10]),
          magnitude_squared=c.chance(0.5))


@op("Mfcc", tol="loose")
def mfcc(c):
    s = c.draw("float", [c.int(1, 2), c.int(1, 4), 129], low=0, high=4)
    c.run(s, c.feed(np.int32(8000), "int32", const=0.8), **c.attrs(
        upper_frequency_limit=[None, 3000.0], lower_frequency_limit=[None, 50.0],
        filterbank_channel_count=[None, 20], dct_coefficient_count=[None, 10]))


@op("DecodeWav EncodeWav", tol="math")
def wav(c):
    channels = c.int(1, 2)
    x = c.rng.uniform(-1.1, 1, (c.int(1, 40), channels)).astype(np.float32)
    if c.name == "EncodeWav":
        data = c.op("EncodeWav", c.feed(x, "float"), c.feed(np.int32(8000), "int32"))
        c.fetch(c.op("DecodeWav", data))
        return
    data = tf.audio.encode_wav(x, 16000).numpy()
    if c.bad("data"):
        data = b"RIFFnothing"
    c.run(c.feed(data, "string"), **c.attrs(desired_channels=[None, 1, 2],
                                            desired_samples=[None, 5, 60]))


@op("ShortTimeFourier", tol="loose")
def stft(c):
    x = c.values("float", [c.int(1, 2), c.int(40, 80)], **GENTLE)
    kind = c.int(0, 3)

    def build(a):
        s = tf.signal.stft(a, 16, 8)
        if kind == 0:
            return tf.abs(s)
        if kind == 1:
            return tf.signal.inverse_stft(s, 16, 8)
        if kind == 2:
            return tf.signal.dct(a, norm="ortho"), tf.signal.mfccs_from_log_mel_spectrograms(
                tf.math.log(tf.abs(s) + 1))
        mel = tf.signal.linear_to_mel_weight_matrix(8, s.shape[-1], 8000, 80.0, 3000.0)
        return tf.tensordot(tf.abs(s), mel, 1)
    c.trace(build, x)
