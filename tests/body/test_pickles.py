"""Pickles are read as data: the parts that model files need, and nothing else."""

from __future__ import annotations

import io
import pickle
import sys
from contextlib import suppress
from types import ModuleType

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import sparse

from harstudio.body.pickles import read_pickle
from harstudio.core.errors import HarstudioError

#: What Python 2 wrote for a (1, 2) float64 array at protocol 2, but for the 16 bytes of its data.
PYTHON_2_ARRAY = (
    b"\x80\x02cnumpy.core.multiarray\n_reconstruct\nq\x01cnumpy\nndarray\nq\x02K\x00\x85U\x01b\x87"
    b"Rq\x03(K\x01K\x01K\x02\x86cnumpy\ndtype\nq\x04U\x02f8K\x00K\x01\x87Rq\x05(K\x03U\x01<NNNJ"
    b"\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89U\x10"
)


@pytest.fixture
def saved(tmp_path):
    """Writes bytes, or pickles an object, and reads the file back."""

    def read(content, protocol=2):
        path = tmp_path / "file.pkl"
        if not isinstance(content, bytes):
            content = pickle.dumps(content, protocol)
        path.write_bytes(content)
        return read_pickle(path)

    return read


@pytest.fixture
def chumpy(monkeypatch):
    """Classes that pickle as chumpy's do (checked against chumpy 0.70), for the test only."""
    ch, reordering = ModuleType("chumpy.ch"), ModuleType("chumpy.reordering")

    class Ch:
        def __init__(self, **values):
            self.__dict__.update(values, _dirty_vars={"x"}, _itr=None, _depends_on_deps={})

        def __setstate__(self, state):
            raise AssertionError("nothing of chumpy may run")

    class Select(Ch):
        pass

    for module, kind in ((ch, Ch), (reordering, Select)):
        kind.__module__, kind.__qualname__ = module.__name__, kind.__name__
        setattr(module, kind.__name__, kind)
        monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(sys.modules, "chumpy", ModuleType("chumpy"))
    return Ch, Select


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("array", [
    np.arange(6.0).reshape(2, 3),
    np.asfortranarray(np.arange(6, dtype=np.uint32).reshape(2, 3)),
    np.arange(4, dtype=">i2"),
    np.array(3.5),
    np.array(["left", "right"]),
    np.array([True, False]),
    np.arange(300, dtype=np.uint8),
], ids=lambda array: f"{array.dtype}{array.shape}")  # fmt: skip
def test_arrays_come_back_as_they_were(saved, array, protocol):
    found = saved({"array": array}, protocol)["array"]
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


def test_an_empty_array_stays_empty(saved):
    assert saved(np.zeros((0, 3)), protocol=4).shape == (0, 3)


def test_an_array_that_python_2_wrote_is_read(saved):
    values = np.array([[-1.5, np.pi]])
    found = saved(PYTHON_2_ARRAY + values.tobytes() + b"tb.")
    np.testing.assert_array_equal(found, values)


@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_plain_data_comes_back_as_it_was(saved, protocol):
    data = {"text": "ä", "list": [1, 2.5, None, True], "tuple": (b"\x80", {3}), 4: {"a": []}}
    assert saved(data, protocol) == data


def test_an_array_of_objects_keeps_its_shape(saved):
    array = np.empty((1, 2), object)
    array[0, 0], array[0, 1] = "first", [2]
    assert saved(array).tolist() == [["first", [2]]]


@pytest.mark.parametrize("protocol", [0, 2, 5])
def test_a_sparse_matrix_becomes_dense(saved, protocol):
    matrix = sparse.random(24, 50, density=0.1, format="csc", random_state=1)
    np.testing.assert_array_equal(saved(matrix, protocol), matrix.toarray())


def test_the_old_home_of_scipys_sparse_matrix_is_known(saved):
    matrix = sparse.csc_matrix(np.eye(3))
    content = pickle.dumps(matrix, 2).replace(b"scipy.sparse._csc", b"scipy.sparse.csc")
    np.testing.assert_array_equal(saved(content), np.eye(3))


@pytest.mark.parametrize("protocol", [0, 1, 2, 4])
def test_chumpys_arrays_are_rebuilt_without_chumpy(saved, chumpy, protocol):
    ch, select = chumpy
    whole = np.arange(24.0).reshape(2, 3, 4)
    chosen = np.arange(24).reshape(2, 3, 4)[..., :2].ravel()
    part = select(a=ch(x=whole), idxs=chosen, preferred_shape=(2, 3, 2))
    found = saved({"plain": ch(x=whole), "part": part, "flat": select(a=part, idxs=[1, 0])})
    np.testing.assert_array_equal(found["plain"], whole)
    np.testing.assert_array_equal(found["part"], whole[..., :2])
    np.testing.assert_array_equal(found["flat"], [1.0, 0.0])


def test_what_is_shared_in_the_file_is_shared_when_read(saved):
    array = np.ones(3)
    first, second = saved([array, array])
    assert first is second


HOSTILE = {
    "os.system": b"cos\nsystem\n(S'touch ran'\ntR.",
    "posix.system": b"\x80\x02cposix\nsystem\nX\x09\x00\x00\x00touch ran\x85R.",
    "nt.system": b"cnt\nsystem\n(S'echo > ran'\ntR.",
    "builtins.eval": b"\x80\x04\x8c\x08builtins\x8c\x04eval\x93\x8c\x04open\x85R.",
    "builtins.exec": b"c__builtin__\nexec\n(S''\ntR.".replace(b"__builtin__", b"builtins"),
    "__builtin__.eval": b"c__builtin__\neval\n(S'1'\ntR.",
    "builtins.getattr": b"cbuiltins\ngetattr\n(cnumpy\nndarray\nS'tofile'\ntR.",
    "__builtin__.getattr": b"c__builtin__\ngetattr\n(cnumpy\ndtype\nS'__class__'\ntR.",
    "builtins.__import__": b"cbuiltins\n__import__\n(S'this'\ntR.",
    "importlib.import_module": b"cimportlib\nimport_module\n(S'this'\ntR.",
    "this.s": b"cthis\ns\n.",
    "subprocess.Popen": (
        b"ccopy_reg\n_reconstructor\n(csubprocess\nPopen\nc__builtin__\nobject\nNtR."
    ),
    "pickle.loads": b"cpickle\nloads\n(S'.'\ntR.",
    "numpy.load": b"cnumpy\nload\n(S'x'\ntR.",
    "numpy.fromfile": b"cnumpy\nfromfile\n(S'x'\ntR.",
    "numpy.core.multiarray.scalar": b"cnumpy.core.multiarray\nscalar\n.",
    "numpy.ndarray.tofile": b"\x80\x04\x8c\x05numpy\x8c\x0endarray.tofile\x93.",
    "chumpy.ch.Ch.__init__.__globals__": (
        b"\x80\x04\x8c\x09chumpy.ch\x8c\x17Ch.__init__.__globals__\x93."
    ),
    "chumpy.ch.ChLambda": b"cchumpy.ch\nChLambda\n.",
    "os.popen": b"(S'touch ran'\nios\npopen\n.",
    "webbrowser.open": b"(cwebbrowser\nopen\nS'x'\no.",
    "torch._utils._rebuild_tensor_v2": b"ctorch._utils\n_rebuild_tensor_v2\n.",
    "functools.partial": b"cfunctools\npartial\n.",
    "operator.attrgetter": b"coperator\nattrgetter\n.",
    "harstudio.body.pickles.read_pickle": b"charstudio.body.pickles\nread_pickle\n.",
    "persistent id": b"Pos.system\n.",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_pickle_is_refused_by_name_and_runs_nothing(
    saved, name, tmp_path, monkeypatch, capfd
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delitem(sys.modules, "this", raising=False)
    with pytest.raises(HarstudioError) as caught:
        saved(HOSTILE[name])
    assert f"refused, it asks for {'a ' if name == 'persistent id' else ''}{name}" in str(
        caught.value
    )
    assert "file.pkl" in caught.value.message
    assert [path.name for path in tmp_path.iterdir()] == ["file.pkl"]
    assert "this" not in sys.modules
    assert capfd.readouterr().out == ""


def test_a_dangerous_call_deep_inside_good_data_is_refused_too(saved):
    good = pickle.dumps({"weights": np.ones(3)}, 2)
    with pytest.raises(HarstudioError, match=r"os\.system"):
        saved(good[:-1] + b"cos\nsystem\nU\x01a\x85R\x86.")


class _Persistent(pickle.Pickler):
    def persistent_id(self, value):
        return "storage" if isinstance(value, bytes) else None


def test_a_binary_persistent_id_is_refused(saved):
    stream = io.BytesIO()
    _Persistent(stream, 2).dump([b"data"])
    with pytest.raises(HarstudioError, match="persistent id"):
        saved(stream.getvalue())


@pytest.mark.parametrize("content", [
    # A state for a function or class would change it for the next file.
    b"cnumpy.core.multiarray\n_reconstruct\n(N}X\x05\x00\x00\x00_makeNstb.",
    b"cchumpy.ch\nCh\n(N}X\x0c\x00\x00\x00__setstate__Nstb.",
    b"c__builtin__\nset\n(N}X\x03\x00\x00\x00popNstb.",
    # Reconstructing what is none of the known classes.
    b"ccopy_reg\n_reconstructor\n(c__builtin__\nset\nc__builtin__\nobject\nNtR.",
    b"cnumpy.core.multiarray\n_reconstruct\n(cchumpy.ch\nCh\n(I0\ntS'b'\ntR.",
    # A codec that is not the one for bytes.
    b"c_codecs\nencode\n(Vabc\nS'zip'\ntR.",
    # A class where its instance should be, an array without data, a shape that lies.
    b"cnumpy\nndarray\n.",
    b"cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR.",
    PYTHON_2_ARRAY + b"\0" * 15 + b"tb.",
    PYTHON_2_ARRAY.replace(b"K\x01K\x02\x86", b"K\x01K\x03\x86") + b"\0" * 16 + b"tb.",
    PYTHON_2_ARRAY.replace(b"f8", b"V8") + b"\0" * 16 + b"tb.",
    # A list that holds itself.
    b"(lp0\ng0\na.",
    b"", b".", b"0", b"hello", b"\x80\xff.", b"PK\x03\x04", b"\x82\x01.",
])  # fmt: skip
def test_a_malformed_pickle_is_an_error_that_names_the_file(saved, content):
    with pytest.raises(HarstudioError, match=r"file\.pkl"):
        saved(content)
    np.testing.assert_array_equal(saved({"still": np.ones(2)})["still"], np.ones(2))


def test_a_huge_memo_index_costs_nothing(saved):
    assert saved(b"\x80\x02Nr\xff\xff\xff\x7f.") is None


def test_a_sparse_matrix_too_large_to_fill_in_is_refused(saved):
    matrix = sparse.csc_matrix((10**6, 10**4))
    with pytest.raises(HarstudioError, match="sparse"):
        saved(matrix)


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(HarstudioError, match="cannot be read"):
        read_pickle(tmp_path / "absent.pkl")


GOOD = pickle.dumps(
    {"f": np.arange(3, dtype=np.uint32), "J": sparse.csc_matrix(np.eye(2)), "s": "smpl"}, 2
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.integers(0, len(GOOD) - 1))
def test_a_truncated_pickle_is_an_error(saved, length):
    with pytest.raises(HarstudioError):
        saved(GOOD[:length])


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_a_spoiled_pickle_is_read_or_refused_but_never_raises_otherwise(saved, data):
    content = bytearray(GOOD)
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(GOOD) - 1))] = data.draw(st.integers(0, 255))
    with suppress(HarstudioError):
        saved(bytes(content))
