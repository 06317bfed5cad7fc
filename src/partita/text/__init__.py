
from partita.text import naming
