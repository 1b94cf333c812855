import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from tests.report.conftest import HOSTILE, figure_output, write_notebook
from thyro.report import wipe


def test_the_picture_of_the_labelled_cell_is_in_the_page(tmp_path):
    write_notebook(tmp_path / "01_super_resolution.ipynb", {"wipe": (4, 2)})
    made = wipe.element(tmp_path)
    assert 'src="data:image/' in made and 'width="384" height="192"' in made  # at 96 per inch
    assert 'href="notebooks/01_super_resolution.html#cell-wipe"' in made


def test_the_name_of_a_patient_is_text(tmp_path):
    output = figure_output("wipe", 4, 2)
    output["data"]["text/plain"] = f'{HOSTILE}"'
    cell = new_code_cell("#| label: wipe", outputs=[output])
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "01_super_resolution.ipynb")
    made = wipe.element(tmp_path)
    assert "<script" not in made and "&lt;script&gt;" in made and "&quot;" in made


@pytest.mark.parametrize("cells", [{"quality": (4, 2)}, {"wipe": ("quality", 3)}])
def test_a_notebook_without_the_picture_is_refused(tmp_path, cells):
    write_notebook(tmp_path / "01_super_resolution.ipynb", cells)
    with pytest.raises(ValueError, match=r"01_super_resolution.ipynb: no cell labelled 'wipe'"):
        wipe.element(tmp_path)
